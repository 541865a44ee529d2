/** Stands for react-devtools-core in the bundle: Ink would load it only with DEV=true. */
export default { initialize(): void {}, connectToDevTools(): void {} };
