// Runs test files one after another in this process.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

t.setTimeout(0)
for (const file of process.env.WEIR_TEST_FILES!.split('\n')) await import(pathToFileURL(resolve(file)).href)
