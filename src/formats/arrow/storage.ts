import type { StoredField } from './stored.ts';

/** Buffers of a field itself, its children and views apart. */
export function bufferCount(field: StoredField, version: number): number {
  const unionValidity = version < 4 ? 1 : 0;
  switch (field.layout) {
    case 'null':
    case 'runEnd':
      return 0;
    case 'struct':
    case 'fixedList':
      return 1;
    case 'variable':
    case 'listView':
      return 3;
    case 'sparseUnion':
      return 1 + unionValidity;
    case 'denseUnion':
      return 2 + unionValidity;
    default:
      return 2;
  }
}

/** Entry `i` of a buffer of dictionary indices. */
export function readIndex(view: DataView, i: number, byteWidth: number, isSigned: boolean): number {
  switch (byteWidth) {
    case 1:
      return isSigned ? view.getInt8(i) : view.getUint8(i);
    case 2:
      return isSigned ? view.getInt16(2 * i, true) : view.getUint16(2 * i, true);
    case 4:
      return isSigned ? view.getInt32(4 * i, true) : view.getUint32(4 * i, true);
    default:
      return Number(isSigned ? view.getBigInt64(8 * i, true) : view.getBigUint64(8 * i, true));
  }
}
