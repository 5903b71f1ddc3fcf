import { gunzipSync } from 'node:zlib';

export type PyarrowFile = 'types' | 'deltasFile' | 'deltasStream' | 'lz4' | 'legacy';

/**
 * Small files that pyarrow 26 wrote, gzipped: types, dictionary deltas and frames that apache-arrow does not write.
 * `types` is views, list views, run ends, 64-bit lists and a dense union; `legacy` is format 0.14 with metadata V4.
 */
const stored: Readonly<Record<PyarrowFile, string>> = {
  types: [
    'H4sIAAAAAAACA51VsY4TMRAdO5uwgnBKcRxB3EkuU5xQkCgoKSlToetQOAyJFHaPZJMcVBQUfAIFxRVXUJ4QBZ9AhSjzCXzC',
    'FYCZscdZr5XVRVjy2rPz5nneeDYxxpgzCdABGtehDS1oQoo7HCJBG9BK8ZnwExAB8AhjEpyfBMBvtM/Z9+uPMRi408V9j98h',
    'DI5w9jn2eJSPjzXx0mmOHWPWWGcBPPhruZqU2y5zed99nAr9Rw4jN2HovK/WD0Lh473D3iLcPmMFxzVxLvPp8xmup4i7cNhd',
    '4u0GvLSOC/2K9meIWTncHmFUoHcQ5DOdZ0QLPxGbmlJTyEt1WQwnc43IS8R1MJrqcs3eQIfvB6zO/SAudfxPdWZTh3Pj9BKu',
    'cGfdqdM7Gc8KChpRD5iyjqpGL91XihmlXGLCrVzc7VgP8T97U5Ac+G68nlakR3RjPbQuxnrp9sn6PVKYS+lyp9GGPe7UtmWE',
    'RmJ5Br6BYAftDndtGy2sK4o/BNfrTSiH5LpAsALnBdF71m7vF7ivaTzh9SLCf4vwKTt6bPdFFf+QN17nILJHYYKBzf0Bp5Hf',
    '2y2230XnfYjiP4qyJrbHI/xn3vTZXkXnrSJ9nmjdr7LsD3uurOrrySqft33d+zKql6zm/1hW9bpeKc8TUD2/zk6qaVT6xbZb',
    'jf2/fPIKvoPAHkL9oLpP8uxleM6PL7rwMfcCv8fqqSpGw0wVSz1ZaGU/20M1y1U+L1T+Qk3Gmd4Wh0772353w/e0zYjzp3gT',
    '+LfN42BDXRtBPjL69n296X/vBvfMTf5Xakb3JXhS7Onb6v3ABv5wbdT0g7gCd/J6esJAIWpygWDfiHS3eOaZLpa5+z0l3z9Q',
    'IPfEAAgAAA==',
  ].join(''),
  deltasFile: [
    'H4sIAAAAAAACA91VvU7DMBD+znHTqLIqDxXKyCuwMTC0O1KlLrAC3Vt1gUdgZOQROnbkUXgbODtf/kxasVFxUnz2/X53iS+L',
    '1Wp5dwV8Kb0D8Ag0gUOOEQrdKYnVM/RU6Gq5qlifWfQpVZZjrFZeJVUMGQXdXJ9L2oP8ebNbI8abNPFc1Oa6t7qCOWzjF/Dt',
    'mQ/RfkaErvI1NupK6rux65pKtbTU3FJu0FKG4+TIPXnXT5LzkPzhsa3jtVfHRb+OzMYafBOlj/uGui7WFAvYv7Qm6Zwl1UuL',
    '73AKn/mJbxrzjatvRSOd6rf8st9FwiWpQ470+wln3mfzP/q8Pvc+Zy2++t5WM6OIU8pxGoV3cM+5FFy2DPSW3PdPMyyf22F5',
    'DWHP/YG8nk+e8T4Sv5dsWP5Xs/daEy3iP+Ib1orA3SoGAAA=',
  ].join(''),
  deltasStream: [
    'H4sIAAAAAAACA91USwrCMBB908Q2lCJdiHTpQVx4AC/hD1wpiOAVPIJHcOkN4zQd2zRWKa6KA8lkvnnzWmKttTcAOUpJkSHG',
    'CIZPLKTZBluGdy07u3lNXE3BvhgJZ+XsqXrQqIwteM0kH6Ivx9MWrl9a98tcNOaz5h1yh67rGJ69y31w+RNBmFW1kXaxQuJ+',
    '79dMBWdqiSzFH6ERhc+Sic5F+3UU2F3+1bqZ49qaY9qeQ2k3Q153aeOeS8zHGmKB8BfORJ5NYZwafI9v+KJ3fGN3X1L9K9zp',
    'G9/Uk28TaArmoA98bzBwnqP/4Hk7dJ7VMN8N0+PdUF7eYXc5nve7U1+ezY88d2Ho4jn8LiWuUj8B4NFIrEAGAAA=',
  ].join(''),
  lz4: [
    'H4sIAAAAAAACA/v/////AgYGBgEGEOBi4GFgY2Bl4ACygICRBchnAPI4gCQLlAQKA7EIWI8IUIyNgR2sSgBqBiMriJaBqmWA',
    '0iWpFSUQNguYD7T2/wqoOSDAwyABtZkHbBoDMwvYjAUMCMADFBEAuwOiJgJqD8gMTiR1MDuYkcQkobQClLaC0glQ2hpJLSOS',
    'eTAzmGBmK/lKJDg0AbkNuYxIejRQ5ZWBzGAQ/w4LQ9IDIL0HGJYfGA8AtcxhguAFTEja4TyofhUgc39yfm5BUWpxcWqKAjfD',
    'Pn9QEF5l2Md+kYH/AcOZAAVYkIIBKDxBNABoxCb+0AEAAA==',
  ].join(''),
  legacy: [
    'H4sIAAAAAAACAythYGAQYAABLgYeBjYGVgYOIAsIGJmBfAYgjwNIskBJoDAQi4D1iADF2BjYwaoEoGYwsoJoGahaBihdklpR',
    'AmGzwMXnQM0BAR4GMajNPGDTGJiZGSSA1AUmqAKgiySAMixQt/lA3czJgADMSGyYNg4orQGlDaD0AiaEWkYkc5DNyGVEsO9A',
    '8QMg3sMIwQeAeA4TBIPMS87PLShKLS5OTVEYdkxQ/I36b2j7D5SOAYPBP43sAwAA',
  ].join(''),
};

export const pyarrowFiles: readonly PyarrowFile[] = Object.keys(stored) as PyarrowFile[];

export function pyarrowFile(name: PyarrowFile): Buffer {
  return gunzipSync(Buffer.from(stored[name], 'base64'));
}
