"""MinHash deduplication of one Parquet file by datatrove, in one process: what `bench/end-to-end` is compared with.

Its four steps (signatures, buckets, clusters, filter) with its defaults, which are ours: shingles of 5 words, 14 buckets of
8 hashes, the English word tokenizer. Documents that stay are written as Parquet. Prints one line of JSON.

    python bench/datatrove-minhash.py FILE.parquet WORK_FOLDER
"""

import importlib.metadata  # datatrove asks for it as an attribute of importlib, which only an import makes
import json
import os
import shutil
import sys
import time

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter


def main() -> None:
    path, work = sys.argv[1:3]
    shutil.rmtree(work, ignore_errors=True)
    folder, name = os.path.split(path)
    config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)

    def reader() -> ParquetReader:
        return ParquetReader(folder, glob_pattern=name)

    steps = {
        "signatures": (1, [reader(), MinhashDedupSignature(f"{work}/signatures", config=config)]),
        "buckets": (14, [MinhashDedupBuckets(f"{work}/signatures", f"{work}/buckets", config=config)]),
        "clusters": (1, [MinhashDedupCluster(f"{work}/buckets", f"{work}/remove", config=config)]),
        "filter": (1, [reader(), MinhashDedupFilter(f"{work}/remove"), ParquetWriter(f"{work}/kept")]),
    }
    seconds = {}
    for step, (tasks, pipeline) in steps.items():
        start = time.perf_counter()
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=f"{work}/logs/{step}").run()
        seconds[step] = round(time.perf_counter() - start, 3)
    print(json.dumps({"version": importlib.metadata.version("datatrove"), "seconds": seconds, "kept": count(f"{work}/kept")}))


def count(folder: str) -> int:
    import pyarrow.parquet

    files = [os.path.join(folder, name) for name in os.listdir(folder)]
    return sum(pyarrow.parquet.ParquetFile(file).metadata.num_rows for file in files)


if __name__ == "__main__":
    main()
