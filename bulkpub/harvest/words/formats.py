"""A format as catalogues write it → one word, or the media type in it.

Pure. Read are words, extensions, media types and addresses in registers of formats, whoever keeps
them: `data/formats.toml` and `data/format_spellings.toml`.
"""

import re
from urllib.parse import unquote

from bulkpub.data import formats, spellings

__all__ = ["short_format", "short_mime"]

_MEDIA_TYPE = re.compile(
    r"(application|audio|font|image|model|multipart|text|video)/([\w.+-]+)", re.IGNORECASE
)
_REGISTER = re.compile(
    r"(?:authority/file-type|media-?types?(?:/(?:application|text|image))?|mimetype)[/#]([^/#?]+)$",
    re.IGNORECASE,
)


def short_format(said: str) -> str:
    """A format in one lower-case word (`csv`, `wms`, `html`); empty when there is none."""
    known, said = formats(), said.strip()
    if found := _REGISTER.search(said):
        said = unquote(found[1]).replace("_", "-")
    elif re.match(r"(?:[a-z][a-z0-9+.-]*://|urn:)", said, re.IGNORECASE):
        return _of_address(said)
    if found := _MEDIA_TYPE.search(said):
        if found[0].lower() in known.unspecific:
            return ""
        said = found[2]
    word = said.lower().strip(" .*\t\n")
    if found := re.fullmatch(r"[\w-]+/([\w.-]+)", word):  # ftype/CSV, of some register
        word = found[1] if found[1] in known.files | known.services | known.pages else word
    if (last := word.rpartition(":")[2]) in known.files | known.services:  # ftype:CSV, OGC:WMS
        word = last
    if word in known.files or word in known.services or word in known.pages:
        return known.short.get(word, word)
    plain = " ".join(re.findall(r"[a-z0-9]+", word))
    for pattern, short in spellings():
        if found := pattern.fullmatch(plain):
            return found.expand(short)
    return word if re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,19}", word) else ""


def _of_address(address: str) -> str:
    """The format at the end of an address in some register; empty when it is none we know."""
    known = formats()
    if found := _MEDIA_TYPE.search(address):
        return short_format(found[0])
    word = re.split(r"[/#:=?]", address.rstrip("/#"))[-1]
    word = unquote(word).lower().replace("_", " ").strip()
    plain = " ".join(re.findall(r"[a-z0-9]+", word))
    listed = known.files | known.services | known.pages
    if word in listed or plain in listed:
        word = word if word in listed else plain
        return known.short.get(word, word)
    if "." in word:  # a file's name, or a host's
        return ""
    spelt = (found.expand(to) for pattern, to in spellings() if (found := pattern.fullmatch(plain)))
    return next(spelt, "")


def short_mime(said: str) -> str:
    """The media type in it, in lower case and without parameters; empty when there is none."""
    found = _MEDIA_TYPE.search(said)
    return found[0].lower() if found else ""
