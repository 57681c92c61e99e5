// npm run bench [-- CASE…] [--rounds N] [--seconds S] [--warm-up S] [--json FILE] [--list]
import { writeFileSync } from 'node:fs'
import { CASES, type Case } from './cases.ts'
import { has, machine } from './machine.ts'
import { markdown, type Report } from './report.ts'
import { type Outcome, runRatioCase } from './run-case.ts'
import { runFigureCase } from './run-figure.ts'
import { readArguments, type Settings } from './settings.ts'

/** Whether a name of the command line means a case, or its group. */
const means = (name: string, item: Case): boolean => name === item.name || ('load' in item && name === item.group)

/** The cases of these names, or all. */
function casesOf(names: readonly string[]): readonly Case[] {
  const unknown = names.filter((name) => !CASES.some((item) => means(name, item)))
  if (unknown.length > 0) throw new Error(`unknown case ${unknown.join(', ')}; --list shows those there are`)
  return names.length === 0 ? CASES : CASES.filter((item) => names.some((name) => means(name, item)))
}

/** A case that fails is told, and the others go on. */
async function run(item: Case, settings: Settings): Promise<Outcome> {
  try {
    return 'load' in item ? await runRatioCase(item, settings) : await runFigureCase(item, settings)
  } catch (error) {
    const { message } = error as Error
    console.error(`\n!!! WITHOUT ${item.name}: ${message}\n`)
    process.exitCode = 1
    return { lines: [], programs: [], leftOut: 0, missing: [`${item.name}: ${message.split('\n', 1)[0]}`] }
  }
}

async function runAll(cases: readonly Case[], settings: Settings): Promise<Report> {
  const outcomes: [string, Outcome][] = []
  for (const item of cases) {
    console.error(`${item.name}: ${item.what} …`)
    outcomes.push([item.name, await run(item, settings)])
  }
  return {
    machine: machine(),
    date: new Date().toISOString(),
    rounds: settings.rounds,
    seconds: settings.seconds,
    leftOut: Object.fromEntries(outcomes.map(([name, { leftOut }]) => [name, leftOut])),
    missing: outcomes.flatMap(([, { missing }]) => missing),
    lines: outcomes.flatMap(([, { lines }]) => lines),
    programs: outcomes.flatMap(([, { programs }]) => programs),
  }
}

try {
  const { words, settings, json, list } = readArguments(process.argv.slice(2))
  const cases = casesOf(words)
  if (list) for (const { name, what } of cases) console.log(`${name.padEnd(26)} ${what}`)
  else {
    if (!has('wrk')) throw new Error('wrk is missing, which makes the load: apt-get install wrk')
    const report = await runAll(cases, settings)
    console.log(markdown(report))
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
  }
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
