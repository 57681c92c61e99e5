import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { packageFile } from '../../../core/base/package-file.ts'

t.test('files are found from the root of the package', async (t) => {
  t.equal(packageFile('core/index.ts').href, new URL('../../../core/index.ts', import.meta.url).href)
  t.ok(existsSync(fileURLToPath(packageFile('package.json'))))
})
