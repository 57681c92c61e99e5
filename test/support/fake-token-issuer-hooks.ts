// Loaded by `--import`: processes get the fake issuer of tokens in the place of Weir's own.
import { registerHooks } from 'node:module'

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith('plugins/tokens/token-issuer.ts')
      ? next(new URL('./fake-token-issuer.ts', import.meta.url).href, context)
      : next(specifier, context),
})
