import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { templateText } from './template-text.js'

// npm run template: writes the template that is committed.
const path = fileURLToPath(new URL('../cloudformation/rolesanywhere.json', import.meta.url))
writeFileSync(path, templateText())
