/** The package is the user's to install: what is used of it is said here, so that Sluice is built without it. */
declare module 'onnxruntime-node' {
  const runtime: unknown;
  export default runtime;
}
