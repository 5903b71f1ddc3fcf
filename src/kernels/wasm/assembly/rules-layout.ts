/**
 * Where things lie in linear memory; `src/kernels/rules/kernel.ts` holds the same numbers.
 *
 *   0       masks: for length 0..16 the 16 bytes that keep it
 *   512     statistics of the scans, 32-bit each, in the order of rules.ts
 *   1024    flags of each byte below 0x80 (128 x u16)
 *   1280    flags of each class of code points (up to 128 x u16)
 *   2048    stage 1 (0x110000 / 128 bytes: block number of each 128 code points)
 *   10752   stage 2 (up to 256 blocks of 128 bytes: class of each code point)
 *   43520   free for the C4 line rules (8 KiB)
 *   51712   free for the repetition rules (12 KiB)
 *   64000   data of the assembly itself (`memory.data`), up to the next
 *   126976  flags of each code point below 0x800 (2048 x u16)
 *   131072  the text, 64 bytes of spaces before and behind it; from there on placed by rules.ts
 */
export const MASKS: usize = 0;
/** Of tokens, at +0; of the layout, at +16; of lines, at +48. */
export const STATISTICS: usize = 512;
export const ASCII_FLAGS: usize = 1024;
export const CLASS_FLAGS: usize = 1280;
export const STAGE1: usize = 2048;
export const STAGE2: usize = 10752;
/** 8 KiB that only rules-c4.ts uses. */
export const C4_AREA: usize = 43520;
/** 12 KiB that only rules-repetition.ts uses. */
export const REPETITION_AREA: usize = 51712;
export const TWO_BYTE_FLAGS: usize = 126976;
export const TEXT: usize = 131136;

/** Flags of a character, see wasm/characters.generated.ts. */
export const LETTER: u32 = 1;
/** What words are made of: letters, marks, numbers, format characters, underscore; not what is a token of its own. */
export const WORD: u32 = 2;
/** Mark or format character: belongs to the token before it. */
export const EXTEND: u32 = 4;
/** Decimal digit. */
export const DIGIT: u32 = 8;
/** White space as Python has it. */
export const SPACE: u32 = 16;
/** In datatrove's set of punctuation: what symbols, not words, are made of. */
export const SYMBOL: u32 = 32;
/** One of datatrove's terminal marks: what lines of FineWeb end in. */
export const STOP: u32 = 64;
/** Ends a sentence for spaCy's sentencizer. */
export const TERMINAL: u32 = 128;
/** Category P*. */
export const PUNCTUATION: u32 = 256;
/** Of a script without spaces: a token of its own. */
export const SOLO: u32 = 512;
