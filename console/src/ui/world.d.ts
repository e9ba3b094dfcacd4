/** Made by `scripts/world.ts` when the console is built. */
declare module 'virtual:world' {
  const world: import('../../scripts/world').World;
  export default world;
}
