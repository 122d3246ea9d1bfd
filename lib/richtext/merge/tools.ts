import type { RichText, RichTextFormat } from '../../model/values';
import type { Loss, Tree } from '../tree';

/** The functions of the formats that the merge needs. */
export interface Tools {
  parse(text: RichText): Tree;
  render(tree: Tree, format: RichTextFormat): { text: RichText; losses: Loss[] };
}
