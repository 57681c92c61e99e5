/** The folder with the package.json that this code belongs to. Built code lies one folder deeper, so no path counts `../` up to it. */
const ROOT = new URL('.', import.meta.resolve('#package.json'))

/** URL of a file of this package, in a checkout or where npm installed it. `path` starts at the package's root. */
export function packageFile(path: string): URL {
  return new URL(path, ROOT)
}
