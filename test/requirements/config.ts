/** What the configuration and the command promise. */
export const configRequirements = {
  'config.errors':
    'Everything wrong with a configuration is said at once: file, line, column, key, what was found, what is allowed.',
  'config.secrets':
    'A configuration error never shows a value that may be a secret, and a secret in the file is refused.',
  'config.doors': 'A listener that other machines could reach without TLS is an error.',
  'config.paths': 'Relative paths start at the folder of the configuration file.',
  'config.documented': 'docs/configuration.md is exactly what the schemas say.',
  'config.example': 'What "sallyport init" writes is a good configuration.',
  'config.hostile':
    'A hostile configuration is refused in few words, with its place and without repeating a secret.',
} as const;
