import { z } from 'zod';

/** The name of a data class, as configuration, comments of columns and policies write it. */
export const DATA_CLASS = /^[a-z][a-z0-9-]{0,62}$/;

export const dataClass = z
  .string()
  .regex(DATA_CLASS, 'a data class is lower-case letters, digits and dashes, such as "email"')
  .describe('The data class: a built-in one such as "email", or a name of your own such as "salary".');
