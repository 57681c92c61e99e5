/**
 * Where in a path stands what stands at an index of its normal form. Both have the same bytes in the same order, each as one character or as
 * `%XX`.
 * @param normal normal form of `path`
 */
export function rawIndex(normal: string, path: string, index: number): number {
  if (normal === path) return index
  let at = 0
  for (let i = 0; i < index; ) {
    i += normal[i] === '%' ? 3 : 1
    at += path[at] === '%' ? 3 : 1
  }
  return at
}
