export type { Batch } from './columns/batch.ts';
export type {
  ConvertOptions,
  DedupOptions,
  DedupStreamOptions,
  DuplicateOptions,
  EngineOptions,
  InputOptions,
  OutputOptions,
  ReadOptions,
} from './config.ts';
export { convert } from './convert.ts';
export { dedup } from './dedup.ts';
export { dedupStream } from './dedup-stream.ts';
export { CurationError, type ErrorCode } from './errors.ts';
export type { Compression, FormatName } from './formats/format.ts';
export { read } from './read.ts';
export type { Manifest, NearDuplicateReport, Part, Progress, Report, RunEvent } from './report.ts';
