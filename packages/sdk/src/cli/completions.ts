// Owns `vyplata completions`: what a shell offers when Tab is pressed.
// Promises the commands and options that this version has: they are read from the program itself.
// Refuses to install anything: the text goes to standard output.
import type { Command } from 'commander';
import { UsageError, writeOut } from './print.ts';

type Node = { path: string[]; names: { name: string; description: string }[]; options: Flag[] };
type Flag = { long: string; description: string; takesValue: boolean };

export function addCompletionsCommand(program: Command): void {
  program
    .command('completions')
    .description('print completions for a shell: bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      `
  bash: vyplata completions bash > ~/.local/share/bash-completion/completions/vyplata
  zsh:  vyplata completions zsh > a folder of $fpath, as the file _vyplata
  fish: vyplata completions fish > ~/.config/fish/completions/vyplata.fish`,
    )
    .action((shell: string) => {
      const nodes = readNodes(program, []);
      if (shell === 'bash') writeOut(writeBash(nodes));
      else if (shell === 'zsh') writeOut(writeZsh(nodes));
      else if (shell === 'fish') writeOut(writeFish(nodes));
      else throw new UsageError(`There are completions for bash, zsh and fish, not for "${shell}".`);
    });
}

function readNodes(command: Command, path: string[]): Node[] {
  const names = command.commands.map((child) => ({ name: child.name(), description: child.description() }));
  const options = command.options.flatMap(({ long, description, required, optional }) =>
    long === undefined || long === null ? [] : [{ long, description, takesValue: required || optional }],
  );
  return [{ path, names, options }, ...command.commands.flatMap((child) => readNodes(child, [...path, child.name()]))];
}

function writeBash(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, names, options }) => {
    const words = [...names.map(({ name }) => name), ...options.map(({ long }) => long), '--help'];
    return `    "${path.join(' ')}") words="${words.join(' ')}" ;;`;
  });
  return `_vyplata() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${nodes
  .filter(({ path }) => path.length > 0)
  .map(({ path }) => `      "${path.length === 1 ? ' ' : ''}${path.join(' ')}") path="${path.join(' ')}" ;;`)
  .join('\n')}
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ -z $words || \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _vyplata vyplata`;
}

function writeZsh(nodes: readonly Node[]): string {
  const quote = (text: string) => text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
  const cases = nodes.map(({ path, names, options }) => {
    const entries = [
      ...names.map(({ name, description }) => `'${name}:${quote(description)}'`),
      ...options.map(({ long, description }) => `'${long}:${quote(description)}'`),
    ];
    return `    '${path.join(' ')}') entries=(${entries.join(' ')}) ;;`;
  });
  const paths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => `'${path.join(' ')}'`);
  return `#compdef vyplata
_vyplata() {
  local -a entries paths
  local at="" word
  paths=(${paths.join(' ')})
  for word in "\${words[@]:1:$((CURRENT-2))}"; do
    [[ -n \${paths[(r)\${at:+$at }$word]} ]] && at="\${at:+$at }$word"
  done
  case "$at" in
${cases.join('\n')}
  esac
  _describe 'vyplata' entries || _files
}
_vyplata "$@"`;
}

function writeFish(nodes: readonly Node[]): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = nodes.flatMap(({ path, names, options }) => {
    const chosen = path.map((name) => `__fish_seen_subcommand_from ${name}`);
    const others = names.map(({ name }) => name).join(' ');
    const here = others === '' ? chosen : [...chosen, `not __fish_seen_subcommand_from ${others}`];
    const condition = here.length === 0 ? '' : ` -n ${quote(here.join('; and '))}`;
    return [
      ...names.map(({ name, description }) => `complete -c vyplata -f${condition} -a ${name} -d ${quote(description)}`),
      ...options.map(
        ({ long, description, takesValue }) =>
          `complete -c vyplata${condition} -l ${long.slice(2)}${takesValue ? ' -r' : ''} -d ${quote(description)}`,
      ),
    ];
  });
  return lines.join('\n');
}
