"""The closed lists of udata 17.18.0: frequencies, resource types, extensions, roles, limits.

Copied from what a udata 17.18.0 answers on `/datasets/frequencies/`, `/datasets/extensions/`
and so on; `tests/contract` holds them to it. They stand apart from the lists in `bulkpub.data` and
in `bulkpub.portals.udata` on purpose: a test portal that shared them could find no fault in them.
"""

__all__ = ["ARCHIVES", "CHECKSUM_TYPES", "CONTACT_ROLES", "EXTENSIONS", "FREQUENCIES"]
__all__ += ["LEGACY_FREQUENCIES", "OLD_FREQUENCIES", "RESOURCE_TYPES", "UNLISTED_EXTENSIONS"]
__all__ += ["ACCESS_CONDITIONS", "ACCESS_REASONS", "ACCESS_ROLES", "ACCESS_TYPES"]

ARCHIVES = frozenset(["tar", "gz", "tgz", "rar", "zip", "7z", "xz", "bz2"])
"""Behind these, the extension before counts as well: `csv.gz`."""

EXTENSIONS = ARCHIVES | frozenset(
    """
    csv txt json pdf xml rtf xsd ods odt odp odg xls xlsx doc docx pps ppt jpeg jpg jpe gif png
    dwg svg tiff ecw svgz jp2 webp shp kml kmz gpx shx ovr geojson gpkg grib2 rdf ttl n3 dbf prj
    sql sqlite db epub sbn sbx cpg lyr owl dxf ics ssim other
    """.split()  # noqa: SIM905  # a list would be one word a line
)
"""What `/datasets/extensions/` lists."""

UNLISTED_EXTENSIONS = frozenset(
    """
    txt rtf odf ods gnumeric abw doc docx xls xlsx jpg jpe jpeg png gif svg bmp webp csv ini
    json plist xml yaml yml
    """.split()  # noqa: SIM905  # a list would be one word a line
)
"""What udata's storage library allows by default, listed by the portal or not."""

FREQUENCIES = {
    "continuous": "Real time",
    "oneMinute": "Every minute",
    "fiveMinutes": "Every five minutes",
    "tenMinutes": "Every ten minutes",
    "fifteenMinutes": "Every fifteen minutes",
    "thirtyMinutes": "Every thirty minute",
    "hourly": "Every hour",
    "bihourly": "Every two hours",
    "trihourly": "Every three hours",
    "twelveHours": "Every twelve hours",
    "severalTimesADay": "Several times a day",
    "threeTimesADay": "Three times a day",
    "semidaily": "Twice a day",
    "daily": "Daily",
    "fiveTimesAWeek": "Five times a week",
    "threeTimesAWeek": "Three times a week",
    "semiweekly": "Twice a week",
    "weekly": "Weekly",
    "biweekly": "Every two weeks",
    "threeTimesAMonth": "Three times a month",
    "semimonthly": "Twice a month",
    "monthly": "Monthly",
    "bimonthly": "Every two months",
    "quarterly": "Quarterly",
    "threeTimesAYear": "Three times a year",
    "semiannual": "Twice a year",
    "annual": "Annually",
    "biennial": "Every two years",
    "triennial": "Every three years",
    "quadrennial": "Every four years",
    "quinquennial": "Every five years",
    "decennial": "Every ten years",
    "bidecennial": "Every twenty years",
    "tridecennial": "Every thirty years",
    "punctual": "Punctual",
    "irregular": "Irregular",
    "never": "Never",
    "notPlanned": "Not planned",
    "other": "Other",
    "unknown": "Unknown",
}

LEGACY_FREQUENCIES = {
    "realtime": "continuous",
    "fourTimesADay": "severalTimesADay",
    "fourTimesAWeek": "other",
    "fortnighly": "biweekly",
    "biannual": "semiannual",
}
"""Frequencies of older portals, and what udata makes of them (its own spelling mistake kept)."""

_OLD_LABELS = {
    "hourly": "Hourly",
    "fourTimesADay": "Four times a day",
    "threeTimesADay": "Three times a day",
    "semidaily": "Semidaily",
    "fourTimesAWeek": "Four times a week",
    "threeTimesAWeek": "Three times a week",
    "semiweekly": "Semiweekly",
    "biweekly": "Biweekly",
    "threeTimesAMonth": "Three times a month",
    "semimonthly": "Semimonthly",
    "bimonthly": "Bimonthly",
    "quarterly": "Quarterly",
    "threeTimesAYear": "Three times a year",
    "semiannual": "Biannual",
    "annual": "Annual",
    "biennial": "Biennial",
    "triennial": "Triennial",
    "quinquennial": "Quinquennial",
}
_SAME = ["unknown", "punctual", "continuous", "daily", "weekly", "monthly", "irregular"]
OLD_FREQUENCIES = {each: FREQUENCIES[each] for each in _SAME} | _OLD_LABELS
"""The frequencies of udata before 12."""

RESOURCE_TYPES = {
    "main": "Main file",
    "documentation": "Documentation",
    "update": "Update",
    "api": "API",
    "code": "Code repository",
    "other": "Other",
}

CHECKSUM_TYPES = ("sha1", "sha2", "sha256", "md5", "crc")

CONTACT_ROLES = {
    "contact": "Contact",
    "creator": "Creator",
    "publisher": "Publisher",
    "rightsHolder": "Rights Holder",
    "custodian": "Custodian",
    "distributor": "Distributor",
    "originator": "Originator",
    "principalInvestigator": "Principal Investigator",
    "processor": "Processor",
    "resourceProvider": "Resource Provider",
    "user": "User",
}

ACCESS_TYPES = ("open", "open_with_account", "restricted")
ACCESS_ROLES = ("local_authority_and_administration", "company_and_association", "private")
ACCESS_CONDITIONS = ("yes", "no", "under_condition")
ACCESS_REASONS = (
    "confidentiality_of_proceedings_of_public_authorities",
    "international_relations_public_security_or_national_defence",
    "course_of_justice_or_fair_trial",
    "confidentiality_of_commercial_or_industrial_information",
    "intellectual_property_rights",
    "confidentiality_of_personal_data",
    "protection_of_voluntary_information_suppliers",
    "protection_of_environment",
)
"""Why access is limited: the categories of the INSPIRE directive, article 13 (1)."""
