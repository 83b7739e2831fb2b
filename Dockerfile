# bulkpub, and nothing else: slim, not root, its state in a volume. docs/how-to/docker.md
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bulkpub bulkpub
COPY manifests manifests
# Such as [dask] or [spreadsheets,remote]: docs/how-to/install.md
ARG EXTRAS=
RUN pip install --no-cache-dir --disable-pip-version-check --no-compile \
    --prefix=/installed --constraint constraints.txt ".${EXTRAS}"

FROM python:3.12-slim
COPY --from=build /installed /usr/local
RUN useradd --create-home --uid 10001 bulkpub \
    && install --directory --owner=bulkpub --group=bulkpub /data /state
ENV BULKPUB_STATE_DIR=/state PYTHONUTF8=1
VOLUME /state
USER 10001
WORKDIR /data
ENTRYPOINT ["bulkpub"]
CMD ["--help"]
