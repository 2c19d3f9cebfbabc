// What workerd makes of a module import, compiled before the Worker starts.
declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "cloudflare:workers";
