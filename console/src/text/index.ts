import { english } from './en';

/** All texts of the console. A translation is another file of this shape; the language is chosen here. */
export const text = english;
