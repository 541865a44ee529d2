import { type Command, word } from '../command.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Completes commands and options; made from the same values as the commands themselves. */
export const completionOf = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  summary: 'print the completion script for a shell',
  arguments: [['SHELL', 'whose script', SHELLS]],
  examples: [
    'hoop completion bash > ~/.local/share/bash-completion/completions/hoop',
    'hoop completion zsh > ~/.zfunc/_hoop      # where fpath has ~/.zfunc',
    'hoop completion fish > ~/.config/fish/completions/hoop.fish',
  ],
  run: async (needs, input) => {
    const { scriptFor } = await import('../completion.js');
    needs.out(scriptFor(word(input, 0), commands()));
  },
});
