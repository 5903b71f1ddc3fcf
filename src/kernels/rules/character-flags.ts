import { blocksBase64, classesBase64, classFlags } from '../wasm/characters.generated.ts';

/** White space as Python has it. */
export const SPACE = 16;
/** In datatrove's set of punctuation. */
export const SYMBOL = 32;
/** Ends a sentence for spaCy's sentencizer. */
export const TERMINAL = 128;
/** Category P*. */
export const PUNCTUATION = 256;

let blocks: Uint8Array | undefined;
let classes: Uint8Array = new Uint8Array(0);

/** Flags of a code point, from the table that the byte kernel of the rule sets has too: see wasm/characters.mjs. */
export function flagsOf(code: number): number {
  if (blocks === undefined) {
    classes = new Uint8Array(Buffer.from(classesBase64, 'base64'));
    blocks = new Uint8Array(Buffer.from(blocksBase64, 'base64'));
  }
  return classFlags[classes[(blocks[code >> 7]! << 7) | (code & 127)]!]!;
}
