/**
 * Methods that a list allows.
 * @param methods upper case
 * @returns `forwarded`: methods that go upstream, HEAD with GET (RFC 9110 §9.3.2); `allow`: the value of the `Allow` field,
 * with OPTIONS, which the gateway answers itself if it is not listed (§9.3.7, §10.2.1)
 */
export function allowed(methods: readonly string[]): { forwarded: ReadonlySet<string>; allow: string } {
  const forwarded = new Set<string>()
  for (const method of methods) {
    forwarded.add(method)
    if (method === 'GET') forwarded.add('HEAD')
  }
  return { forwarded, allow: [...new Set([...forwarded, 'OPTIONS'])].join(', ') }
}
