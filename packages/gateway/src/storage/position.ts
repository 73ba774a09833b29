/** A place in a listing that is newest first: after the row with this time and id. */
export interface Position {
  readonly at: number;
  readonly id: string;
}
