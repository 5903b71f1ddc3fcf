/** The lists of LDNOOBW by language code; the package comes without types. */
declare module 'naughty-words' {
  const lists: Readonly<Record<string, readonly string[]>>;
  export default lists;
}
