"""What datatrove's own filters say of documents: the judge that the parity suites compare Sluice with.

    python datatrove_verdicts.py LIST_FOLDER < input.jsonl

The first line of the input is a list of jobs, each `{"filter": NAME, "options": {...}}` with options as datatrove has
them; every later line is a document, `{"text": ..., "url": ...}`. Bytes that are not UTF-8 stand in a text as lone
surrogates U+DC80 to U+DCFF, one each, as Python's "surrogateescape" has them. For each document one line is printed:
a list with one entry for each job,

    null                    it passes as it is
    {"text": ...}           it passes with this text
    {"reason": ...}         it is dropped
    {"error": ...}          datatrove raised; it has no verdict

A job that cannot run here (a package is missing) makes the first line of the output say why; else that line is "ready".
LIST_FOLDER holds lists of bad words as `LANGUAGE.json` (the npm package naughty-words), so that nothing is downloaded.

Words are `str.split()`, sentences end by the rule of src/kernels/sentences.ts, written down a second time below. Both
reach datatrove as a tokenizer object, which it takes in place of the name of a language.
"""

import json
import os
import sys
import tempfile
import unicodedata
import warnings
from types import SimpleNamespace

os.environ.setdefault("LOGURU_LEVEL", "ERROR")
warnings.filterwarnings("ignore")

from datatrove.data import Document  # noqa: E402
from datatrove.pipeline.filters import (  # noqa: E402
    C4BadWordsFilter,
    C4ParagraphFilter,
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    URLFilter,
    c4_filters,
)
from datatrove.pipeline.filters.base_filter import get_filter_result  # noqa: E402
from datatrove.pipeline.formatters import PIIFormatter, SymbolLinesFormatter  # noqa: E402
from datatrove.utils.word_tokenizers import WordTokenizer  # noqa: E402

def characters(ranges):
    bounds = [(part.split("-") * 2)[:2] for part in ranges.split()]
    return {chr(code) for first, last in bounds for code in range(int(first, 16), int(last, 16) + 1)}


# What opens rather than closes, dashes, and terminals of other scripts than Latin.
OPENINGS = characters("28 5b 7b a1 ab bf 2018 201a-201c 201e-201f 2039 3008 300a 300c 300e 3010 3014 3016 3018 301a 301d ff08 ff3b ff5b ff5f ff62")
DASHES = characters("25 2d 2010-2015")
TERMINALS = characters(
    """
    589 61f 6d4 700-702 7f9 964-965 104a-104b 1362 1367-1368 166e 1735-1736 1803 1809 1944-1945
    1aa8-1aab 1b5a-1b5b 1b5e-1b5f 1c3b-1c3c 1c7e-1c7f 203c-203d 2047-2049 2e2e 2e3c 3002 a4ff a60e-a60f
    a6f3 a6f7 a876-a877 a8ce-a8cf a92f a9c8-a9c9 aa5d-aa5f aaf0-aaf1 abeb fe52 fe56-fe57 ff01 ff0e ff1f
    ff61 10a56-10a57 11047-11048 110be-110c1 11141-11143 111c5-111c6 111cd 111de-111df 11238-11239
    1123b-1123c 112a9 1144b-1144c 115c2-115c3 115c9-115d7 11641-11642 1173c-1173e 11a42-11a43
    11a9b-11a9c 11c41-11c42 16a6e-16a6f 16af5 16b37-16b38 16b44 1bc9f 1da88
    """
)
ABBREVIATIONS = set(
    """
    Adm Ak Ala Apr Ariz Ark Aug Bros Calif Co Colo Conn Corp Dec Del Dr E.g Feb Fla Ga Gen Gov I.e Ia Id
    Ill Inc Ind Jan Jr Jul Jun Kan Kans Ky La Ltd Mar Mass Md Mich Minn Miss Mo Mont Mr Mrs Ms Mt Neb
    Nebr Nev Nov Oct Okla Ore Pa Ph Prof Rep Rev Sen Sep Sept St Tenn Va Wash Wis a.m co e.g i.e p.m v.s
    vs www
    """.split()
)


def kind_of(character):
    """Class of a character: see the rule in src/kernels/sentences.ts."""
    if character.isspace():
        return "space"
    if character in TERMINALS:
        return "wide"
    if character in "!?":
        return "bang"
    if character == ".":
        return "dot"
    if character in OPENINGS:
        return "opening"
    if character in DASHES:
        return "dash"
    if character in "/@\\":
        return "slash"
    category = unicodedata.category(character)
    if character < "\x80":
        if character.isalpha():
            return "upper" if character.isupper() else "lower"
        return "digit" if character in "0123456789+>" else "mark" if category[0] == "P" or character == "`" else "other"
    if category == "Cs":
        return "other"
    if character >= "\U00020000":
        return "lower"
    if category[0] == "P":
        return "mark"
    return "upper" if category[0] in "LN" and character.lower() != character else "lower"


KINDS = {}


def sentence_spans(text):
    """The rule of src/kernels/sentences.ts, over characters: starts at 0, each sentence begins where the one before ends."""
    spans, start = [], 0
    while start < len(text):
        end = sentence_end(text, start)
        spans.append((start, end))
        start = end
    return spans


def sentence_end(text, start):
    candidate = core = None
    before = previous = None
    ends = glued = address = False
    for at in range(start, len(text)):
        character = text[at]
        kind = KINDS.get(character)
        if kind is None:
            kind = KINDS[character] = kind_of(character)
        if kind == "space":
            candidate = at if ends else candidate
            core = before = previous = None
            ends = glued = address = False
            continue
        if kind in ("lower", "upper", "digit", "other"):
            if kind == "upper" and ends and (before, previous) == ("lower", "dot") and not address:
                candidate = at
            if candidate is not None:
                return candidate
            core = at if core is None else core
            ends = glued = False
        elif kind == "wide":
            candidate, glued = at + 1, True
        elif kind in ("mark", "bang", "dot"):
            candidate = at + 1 if glued else candidate
            if kind == "bang":
                ends = True
            if kind == "dot" and previous != "dot" and text[at + 1 : at + 2] != ".":
                ends = ends or is_full_stop(text, core, at, before, previous)
        elif kind == "opening":
            glued = False
        else:
            address = address or kind == "slash"
            core = at if core is None else core
            ends = glued = False
        before, previous = previous, kind
    return len(text)


def is_full_stop(text, core, at, before, previous):
    if previous in ("other", "slash"):
        return False
    if previous == "upper":
        return before == "upper"
    if previous == "lower":
        # The letters that are abbreviations on their own are those of ASCII.
        return (at - core > 1 or text[core] >= "\x80") and text[core:at] not in ABBREVIATIONS
    return True


class Whitespace(WordTokenizer):
    """Words by white space, sentences by the rule of Sluice."""

    def word_tokenize(self, text):
        return text.split()

    def sent_tokenize(self, text):
        return [text[start:end].strip() for start, end in self.span_tokenize(text)]

    def span_tokenize(self, text):
        return sentence_spans(text)


WHITESPACE = Whitespace()


def with_tokenizer(make):
    def build(options):
        step = make(language=WHITESPACE, **options)
        return lambda document: verdict_of(step, document)

    return build


def without_tokenizer(make):
    def build(options):
        step = make(**options)
        return lambda document: verdict_of(step, document)

    return build


def verdict_of(step, document):
    kept, reason = get_filter_result(step.filter(document))
    return None if kept else (reason or "")


def formatter(make):
    """A new formatter for each document: one that lives longer counts its replacements on from document to document."""

    def build(options):
        def run(document):
            document.text = make(**options).format(document.text)

        return run

    return build


def url(options):
    from tldextract import TLDExtract

    step = URLFilter(**{"use_integrated_lists": False, **options})
    # The public suffix list that the package brings along, instead of one from the network. Hosts in lower case, as
    # tldextract gave them when datatrove 0.10 was made.
    extract = TLDExtract(suffix_list_urls=(), cache_dir=None)

    def lowered(address):
        parts = extract(address)
        return SimpleNamespace(registered_domain=parts.registered_domain.lower(), fqdn=parts.fqdn.lower())

    step.tldextractor = lowered
    return lambda document: verdict_of(step, document)


def bad_words(options):
    return without_tokenizer(C4BadWordsFilter)(options)


def fineweb(options):
    """The rule sets of FineWeb in their order, C4 without its rule of final punctuation."""
    steps = [
        with_tokenizer(GopherRepetitionFilter)({}),
        with_tokenizer(GopherQualityFilter)({}),
        with_tokenizer(C4QualityFilter)({"filter_no_terminal_punct": False}),
        with_tokenizer(FineWebQualityFilter)({}),
    ]

    def run(document):
        for step in steps:
            reason = step(document)
            if reason is not None:
                return reason
        return None

    return run


FILTERS = {
    "gopher-quality": with_tokenizer(GopherQualityFilter),
    "gopher-repetition": with_tokenizer(GopherRepetitionFilter),
    "c4-quality": with_tokenizer(C4QualityFilter),
    "c4-paragraph": without_tokenizer(C4ParagraphFilter),
    "c4-badwords": bad_words,
    "fineweb-quality": with_tokenizer(FineWebQualityFilter),
    "url": url,
    "pii": formatter(PIIFormatter),
    "symbol-lines": formatter(SymbolLinesFormatter),
    "fineweb": fineweb,
}


# Entries of the English list of the npm package that came after the revision of the list that datatrove takes.
LATER_ENGLISH = set(
    """
    bangbus beastiality cialis cumshot cumshots fag gangbang horny livesex masturbating masturbation mong nsfw nutten
    pikey sexcam sexual sexuality sexually spastic thumbzilla viagra voyeurweb voyuer whore worldsex
    """.split()
)


def serve_word_lists(folder):
    """Lists of the npm package, one word a line, where datatrove would have downloaded them."""
    lists = tempfile.mkdtemp(prefix="bad-words-")

    def local_list(url_of_list, **_):
        language = url_of_list.rsplit("/", 1)[1]
        path = os.path.join(lists, language)
        if not os.path.exists(path):
            with open(os.path.join(folder, f"{language}.json"), encoding="utf-8") as source:
                words = json.load(source)
            if language == "en":
                words = [word for word in words if word not in LATER_ENGLISH]
            with open(path, "w", encoding="utf-8") as target:
                target.write("".join(f"{word}\n" for word in words))
        return path

    c4_filters.cached_asset_path_or_download = local_list


def tuples(value):
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def judge(run, source):
    metadata = {name: source[name] for name in ("url", "language") if source.get(name) is not None}
    document = Document(text=source["text"], id="", metadata=metadata)
    try:
        reason = run(document)
    except Exception as error:  # an exception is no verdict; whoever compares skips it
        return {"error": type(error).__name__}
    if reason is not None:
        return {"reason": reason}
    return None if document.text == source["text"] else {"text": document.text}


def main():
    serve_word_lists(sys.argv[1])
    lines = sys.stdin.buffer
    jobs = json.loads(lines.readline())
    try:
        runs = [FILTERS[job["filter"]]({name: tuples(value) for name, value in job["options"].items()}) for job in jobs]
    except ImportError as error:
        print(f"cannot run here: {error}")
        return
    print("ready", flush=True)
    for line in lines:
        source = json.loads(line)
        chosen = source.get("jobs", range(len(runs)))
        print(json.dumps([judge(runs[i], source) for i in chosen]), flush=True)


if __name__ == "__main__":
    main()
