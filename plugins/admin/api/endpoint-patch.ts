type Mapping = Readonly<Record<string, unknown>>

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The merge patch (RFC 7396) that turns one mapping into another. Members that are null in the other are not there.
 *
 * @example patchTo({ url: 'a', tls: { verify: false } }, { url: 'b', tls: {} }) // { url: 'b', tls: { verify: null } }
 */
export function patchTo(from: Mapping, to: Mapping): Mapping {
  const gone = Object.keys(from).filter((key) => !Object.hasOwn(to, key))
  const kept = Object.entries(to).map(([key, value]) => {
    const before = Object.hasOwn(from, key) ? from[key] : undefined
    return [key, isMapping(before) && isMapping(value) ? patchTo(before, value) : value] as const
  })
  return Object.fromEntries([...gone.map((key) => [key, null] as const), ...kept])
}
