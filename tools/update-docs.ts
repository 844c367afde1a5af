import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { generatedFiles } from './reference/generated.js'
import { readReference } from './reference/reference.js'

const files = generatedFiles(await readReference(), readFileSync('README.md', 'utf8'))
for (const [file, text] of files) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
