"""One pace for many processes: a short share of what `benchmarks/leases.py` simulates."""

from math import inf

import pytest
from leases import Setting, Simulated, simulate


def judged(found: Simulated) -> None:
    assert min(found.shares) >= 0.97
    assert max(found.shares) <= 1.0 + 2 / (found.setting.quota or 1)
    assert found.refused == 0
    assert found.deaths > 1
    assert found.silences > 1


@pytest.mark.parametrize("quota", [60, 300])
def test_a_quota_is_used_and_kept_while_workers_die_and_fall_silent(quota: int) -> None:
    judged(simulate(Setting(workers=10, quota=quota, window=150.0)))


def test_where_places_are_scarce_all_are_served_alike() -> None:
    scarce = Setting(
        workers=12, most=6, window=20.0, windows=1.0, death_every=inf, silence_every=inf
    )
    found = simulate(scarce)
    fewest, most = found.spread
    assert fewest >= 0.75 * most > 20
    assert found.fairness > 0.99


@pytest.mark.served
@pytest.mark.parametrize(("quota", "seed"), [(50, 1), (50, 2), (1_000, 1), (1_000, 2), (5_000, 1)])
def test_so_it_is_for_longer(quota: int, seed: int) -> None:
    """Twenty minutes, in which some sixty workers die: as many as work."""
    judged(simulate(Setting(workers=30, quota=quota, window=1200.0, seed=seed)))


@pytest.mark.served
@pytest.mark.parametrize(("advice", "workers"), [(True, 30), (False, 30), (True, 60)])
def test_a_rate_that_nobody_announces_is_found_by_all_together(
    *, advice: bool, workers: int
) -> None:
    found = simulate(
        Setting(workers=workers, rate=20.0, advice=advice, each=16, window=200.0, windows=1.0)
    )
    assert found.requests / found.seconds >= 0.95 * 20
    assert found.refused <= 0.05 * found.requests
