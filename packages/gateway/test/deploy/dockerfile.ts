/** A Dockerfile as far as ours goes: stages of instructions, continued lines joined, comments gone. */
export type Instruction = { readonly word: string; readonly rest: string };
export type Stage = { readonly base: string; readonly name: string; readonly instructions: readonly Instruction[] };

export function readDockerfile(text: string): Stage[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const line of lines) {
    const [, word = '', rest = ''] = /^(\w+)\s+(.*)$/s.exec(line) ?? [];
    const [base = '', , name = ''] = rest.split(/\s+/);
    if (word === 'FROM') stages.push({ base, name, instructions: [] });
    else stages.at(-1)?.instructions.push({ word, rest });
  }
  return stages;
}

/** The words of an instruction's flags and its arguments apart. */
export function readWords({ rest }: Instruction): { readonly flags: Map<string, string>; readonly words: string[] } {
  const all = rest.split(/\s+/);
  const flags = all.filter((word) => word.startsWith('--'));
  const pairs = flags.map((flag): [string, string] => {
    const [key = '', value = ''] = flag.slice(2).split('=');
    return [key, value];
  });
  return { flags: new Map(pairs), words: all.filter((word) => !word.startsWith('--')) };
}

/** `ENV A=1 B=2`, of all of them in a stage. */
export function readEnvironment({ instructions }: Stage): Record<string, string> {
  const words = instructions.flatMap(({ word, rest }) => (word === 'ENV' ? rest.split(/\s+/) : []));
  return Object.fromEntries(words.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]));
}

/** One line for each thing that a reviewer would send back. */
export function judgeDockerfile(stages: readonly Stage[]): string[] {
  const last = stages.at(-1);
  if (last === undefined) return ['there is no stage'];
  const problems = stages.flatMap(({ base, instructions }) => [
    ...(/^[\w./-]+:\d+\.\d+\.\d+[\w.-]*$/.test(base) ? [] : [`${base} is not one version`]),
    ...instructions.flatMap(judgeInstruction),
  ]);
  const find = (word: string): string | undefined => last.instructions.findLast((one) => one.word === word)?.rest;
  const user = find('USER') ?? 'root';
  if (!/^[1-9]\d*:[1-9]\d*$/.test(user))
    problems.push(`it runs as ${user}, and not as a number that is nobody special`);
  const places = last.instructions.map(({ word }) => word);
  const wroteLast = Math.max(places.lastIndexOf('RUN'), places.lastIndexOf('COPY'));
  if (places.lastIndexOf('USER') < wroteLast)
    problems.push('files are written after USER: the gateway could change itself');
  for (const word of ['HEALTHCHECK', 'STOPSIGNAL', 'WORKDIR', 'ENTRYPOINT']) {
    if (find(word) === undefined) problems.push(`${word} is missing`);
  }
  for (const word of ['ENTRYPOINT', 'CMD']) {
    if (find(word)?.startsWith('[') === false)
      problems.push(`${word} starts a shell, which keeps the signals to itself`);
  }
  return problems;
}

function judgeInstruction({ word, rest }: Instruction): string[] {
  if (word === 'ADD') return [`ADD ${rest}: COPY takes what is there and nothing else`];
  if (word === 'ENV' || word === 'ARG') {
    const secret = /\b\w*(?:PASSWORD|SECRET|TOKEN|MASTER_KEY|DATABASE_URL)\w*=\S/.exec(rest)?.[0];
    return secret === undefined ? [] : [`${word} ${secret}: whoever has the image has it`];
  }
  if (word !== 'RUN') return [];
  const problems = /(?:^|&&|;)\s*(?:npm (?:install|i)\b|npx\b|curl\b|wget\b)/.test(rest)
    ? [`RUN ${rest}: not what the lock says`]
    : [];
  if (/--omit=dev/.test(rest) && !/--ignore-scripts/.test(rest))
    problems.push(`RUN ${rest}: scripts of others are run`);
  if (/\bsudo\b|chmod (?:-R )?777/.test(rest)) problems.push(`RUN ${rest}: more rights than it needs`);
  return problems;
}
