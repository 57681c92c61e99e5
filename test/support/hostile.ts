// Values that a plugin may throw or log and that can't be read in the usual way. Plain JavaScript, so that a child process can
// import it too.

const refuse = (): never => {
  throw Object.freeze(new Error('not to be read'))
}

/** A proxy that throws whatever is done with it. */
export function revoked(target: object = {}): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** An object whose properties of these names throw when they are read. */
export function withGetters<T extends object>(target: T, ...names: string[]): T {
  for (const name of names) Object.defineProperty(target, name, { get: refuse, enumerable: true })
  return target
}

export function cyclic(): Error {
  const error: Error & { self?: Error } = new Error('cyclic')
  error.cause = error
  error.self = error
  return error
}

const PARTS = ['name', 'message', 'stack', 'cause', 'code', 'errors', 'constructor']

/** Values by what is wrong with them. */
export const HOSTILE: Readonly<Record<string, unknown>> = {
  'a frozen error': Object.freeze(new Error('frozen')),
  'an error without a readable name': withGetters(new Error('broken'), 'name', 'constructor'),
  'an error without a readable stack': withGetters(new Error('broken'), 'stack'),
  'an error that has nothing readable': withGetters(new Error('broken'), ...PARTS),
  'an error whose parts are no texts': Object.assign(new Error('broken'), {
    name: Symbol('n'),
    message: 1n,
    stack: {},
    code: {},
  }),
  'an error with a cyclic cause': cyclic(),
  'an error of 5 MB': new Error('m'.repeat(5_000_000)),
  'a revoked proxy': revoked(),
  'a revoked proxy of an error': revoked(new Error('gone')),
  'a revoked proxy of a list': revoked([]),
  'a proxy whose traps throw': new Proxy(new Error('trapped'), {
    get: refuse,
    getPrototypeOf: refuse,
    ownKeys: refuse,
    has: refuse,
  }),
  'a symbol': Symbol('thrown'),
  'an object without a prototype': Object.create(null),
  'a large number': 2n ** 2000n,
  'a function': (): void => {},
  undefined: undefined,
  null: null,
}
