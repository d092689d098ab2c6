import { y } from '../files/file-port'; export const x = y;
