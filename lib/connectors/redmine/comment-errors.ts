/** Why Redmine did not write a comment: it answers 403 without a reason, or 204 without doing anything. */

import { SyncError } from '../../model/errors';
import type { Metadata } from './metadata';

export type NoteVerb = 'added' | 'changed' | 'deleted';

export class CommentErrors {
  constructor(private readonly metadata: Metadata) {}

  /**
   * @param about "Note 7 of issue 41"
   * @param project undefined = not known
   * @param error Redmine's error; undefined = it reported success
   */
  async refused(about: string, verb: NoteVerb, project: string | undefined, error?: SyncError): Promise<SyncError> {
    const words = `${about} was not ${verb}: ${await this.why(verb, project)}`;
    const answered = error ? ` (${error.message})` : '';
    return new SyncError('forbidden', `${words}${answered}`, { ...error?.detail, uncertain: false });
  }

  private async why(verb: NoteVerb, project: string | undefined): Promise<string> {
    const info = project === undefined ? undefined : await this.metadata.project(project).catch(() => undefined);
    if (info?.closed) return `project ${info.name} is closed. Reopen it there, then retry`;
    const where = info ? ` in project ${info.name}` : '';
    const may = info && (await this.metadata.permissions(info.id).catch(() => undefined));
    if (verb === 'added') {
      const lacks = may?.has('add_issue_notes') === false;
      return lacks
        ? `the account's role lacks the permission Add notes${where}`
        : `Redmine refuses it. Check that the account's role has the permission Add notes${where}, for this tracker as well, and that the project is open`;
    }
    if (may?.has('edit_issue_notes') === false) {
      return may.has('edit_own_issue_notes')
        ? `the account may change its own notes only: its role lacks the permission Edit notes${where}`
        : `the account's role lacks the permissions Edit notes and Edit own notes${where}`;
    }
    return `Redmine refuses it. Check that the account's role has the permission Edit notes${where} and that the project is open`;
  }

  /** Before 5.0 the API can only add notes. @throws forbidden */
  async assertChanges(about: string, verb: NoteVerb): Promise<void> {
    if (await this.metadata.changesNotes()) return;
    const words = `${about} was not ${verb}: Redmine before 5.0 has no API for that. Do it in Redmine, or update Redmine`;
    throw new SyncError('forbidden', words);
  }

  /** @throws forbidden if the account cannot make a note private, or Redmine does not say that it can */
  async assertPrivate(about: string, project: string | undefined): Promise<void> {
    const may = project === undefined ? undefined : await this.metadata.permissions(project);
    if (may?.has('set_notes_private')) return;
    const why =
      may === undefined
        ? 'Redmine does not say whether the account may make it private'
        : "the account's role lacks the permission Set notes as private";
    throw new SyncError('forbidden', `${about} is internal and was not written: ${why}. It would have been public`);
  }
}
