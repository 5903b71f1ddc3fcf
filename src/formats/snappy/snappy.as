// AssemblyScript (not TypeScript, hence the name): decodes one Snappy block. Format: google/snappy, format_description.txt.
// Copies move 16 bytes at a time and may write up to 63 bytes behind where they end, which is why the host leaves 64 free
// behind the input and behind the output.

/**
 * Decodes the elements `src` to `srcEnd` (the block without its length) to exactly `dst` to `dstEnd`.
 * Returns 0, or what is wrong: 1 a cut-off element, 2 more output than promised, 3 a copy from before the start, 4 less output.
 */
export function decode(src: usize, srcEnd: usize, dst: usize, dstEnd: usize): i32 {
  const base = dst;
  while (src < srcEnd) {
    const tag: u32 = load<u8>(src++);
    let length: usize;
    let offset: usize;
    switch (tag & 3) {
      case 0: {
        length = (tag >> 2) + 1;
        if (length > 60) {
          const bytes = length - 60;
          if (src + bytes > srcEnd) return 1;
          const word = load<u32>(src);
          length = <usize>(bytes == 4 ? word : word & ((1 << (bytes << 3)) - 1)) + 1;
          src += bytes;
        }
        if (length > srcEnd - src) return 1;
        if (length > dstEnd - dst) return 2;
        if (length <= 64) {
          v128.store(dst, v128.load(src));
          if (length > 16) {
            v128.store(dst, v128.load(src, 16), 16);
            if (length > 32) {
              v128.store(dst, v128.load(src, 32), 32);
              v128.store(dst, v128.load(src, 48), 48);
            }
          }
        } else {
          memory.copy(dst, src, length);
        }
        src += length;
        dst += length;
        continue;
      }
      case 1:
        length = ((tag >> 2) & 7) + 4;
        offset = ((tag & 0xe0) << 3) | load<u8>(src);
        src += 1;
        break;
      case 2:
        length = (tag >> 2) + 1;
        offset = load<u16>(src);
        src += 2;
        break;
      default:
        length = (tag >> 2) + 1;
        offset = load<u32>(src);
        src += 4;
    }
    if (src > srcEnd) return 1;
    if (length > dstEnd - dst) return 2;
    if (offset == 0 || offset > dst - base) return 3;
    const from = dst - offset;
    if (offset >= 16) {
      v128.store(dst, v128.load(from));
      if (length > 16) {
        v128.store(dst, v128.load(from, 16), 16);
        if (length > 32) {
          v128.store(dst, v128.load(from, 32), 32);
          v128.store(dst, v128.load(from, 48), 48);
        }
      }
    } else if (offset >= 8) {
      for (let i: usize = 0; i < length; i += 8) store<u64>(dst + i, load<u64>(from + i));
    } else {
      for (let i: usize = 0; i < length; i++) store<u8>(dst + i, load<u8>(from + i));
    }
    dst += length;
  }
  return dst == dstEnd ? 0 : 4;
}
