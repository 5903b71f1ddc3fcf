"""The rule sets of FineWeb by datatrove, in one process: what `bench/filter` is compared with.

    python bench/datatrove-filter.py FILE.parquet WORK_FOLDER spacy|whitespace

Its own order and options: Gopher repetition, Gopher quality, C4 without the rule of final punctuation, FineWeb quality;
without language. Words are those of its English tokenizer, spaCy, which is its default; or `str.split()` and sentences by
the regular expression of its fallback tokenizer, the cheapest it can be given. Documents that stay are written as Parquet.
Prints one line of JSON: seconds of the pipeline (reading and writing included, start and imports not), the same in
processor time, documents kept, and processor seconds of each rule set alone over all texts.
"""

import importlib.metadata  # datatrove asks for it as an attribute of importlib, which only an import makes
import json
import os
import shutil
import sys
import time

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.text import split_into_parts
from datatrove.utils.typeshelper import Languages
from datatrove.utils.word_tokenizers import WhitespaceTokenizer, load_word_tokenizer


class SplitTokenizer(WhitespaceTokenizer):
    def word_tokenize(self, text):
        return text.split()


def main() -> None:
    path, work, words = sys.argv[1:4]
    shutil.rmtree(work, ignore_errors=True)
    folder, name = os.path.split(path)
    language = Languages.english if words == "spacy" else SplitTokenizer()
    # Loaded before the clock runs.
    load_word_tokenizer(Languages.english).word_tokenize("A text.")

    def filters():
        return {
            "gopher-repetition": GopherRepetitionFilter(language=language),
            "gopher-quality": GopherQualityFilter(language=language),
            "c4-quality": C4QualityFilter(filter_no_terminal_punct=False, language=language),
            "fineweb-quality": FineWebQualityFilter(language=language),
        }

    pipeline = [ParquetReader(folder, glob_pattern=name), *filters().values(), ParquetWriter(f"{work}/kept")]
    start, start_processor = time.perf_counter(), time.process_time()
    LocalPipelineExecutor(pipeline, tasks=1, workers=1, logging_dir=f"{work}/logs").run()
    seconds, processor = time.perf_counter() - start, time.process_time() - start_processor

    texts = [document.text for document in ParquetReader(folder, glob_pattern=name).run()]
    alone = {name: time_alone(step, texts) for name, step in filters().items()}
    result = {
        "version": importlib.metadata.version("datatrove"),
        "seconds": round(seconds, 3),
        "processorSeconds": round(processor, 3),
        "kept": count(f"{work}/kept"),
        "alone": alone,
    }
    print(json.dumps(result))


def time_alone(step, texts) -> float:
    """Processor seconds, its words found anew: datatrove remembers those of the last five texts."""
    start = time.process_time()
    for text in texts:
        split_into_parts.cache_clear()
        try:
            step.filter(Document(text=text, id=""))
        except ZeroDivisionError:
            pass  # a text without a word
    return round(time.process_time() - start, 3)


def count(folder: str) -> int:
    import pyarrow.parquet

    files = [os.path.join(folder, name) for name in os.listdir(folder)]
    return sum(pyarrow.parquet.ParquetFile(file).metadata.num_rows for file in files)


if __name__ == "__main__":
    main()
