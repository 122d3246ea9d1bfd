/** What people do with the notes of a real Redmine, and what is there of them. */

import type { RedmineApi, RedmineServer } from './redmine';

export interface Note {
  id: number;
  /** the token that identifies a note of the test, `c12v1`; absent = the note is not the test's */
  token: string;
  text: string;
  author: string;
  isPrivate: boolean;
}

interface Journal {
  id: number;
  user: { name: string };
  notes: string | null;
  private_notes: boolean;
  created_on: string;
  details: { name: string }[];
}

const SYNC = 'Sync Robot';
export const TOKEN = /\bc\d+v\d+\b/;

export class Notes {
  private readonly people: RedmineApi[];

  constructor(
    private readonly server: RedmineServer,
    /** issues of a test end with it */
    private readonly run: string,
  ) {
    this.people = [server.as('alice'), server.as('bob')];
  }

  private get alice(): RedmineApi {
    return this.server.as('alice');
  }

  /** Numbers of the test's issues by their titles. */
  async issues(): Promise<Map<string, number>> {
    const query = `project_id=1&status_id=*&limit=100&sort=id&subject=~${encodeURIComponent(this.run)}`;
    const { issues } = await this.alice.get<{ issues: { id: number; subject: string }[] }>(`/issues.json?${query}`);
    return new Map(issues.map(({ id, subject }) => [subject, id]));
  }

  async open(subject: string): Promise<void> {
    await this.alice.post('/issues.json', { issue: { project_id: 1, tracker_id: 1, subject } });
  }

  /** @param by 0 = Alice, 1 = Bob */
  async say(issue: number, text: string, by = 0): Promise<void> {
    await this.people[by]?.put(`/issues/${issue}.json`, { issue: { notes: text } });
  }

  async edit(note: number, text: string): Promise<void> {
    await this.alice.put(`/journals/${note}.json`, { journal: { notes: text } });
  }

  async remove(note: number): Promise<void> {
    await this.edit(note, '');
  }

  /** So that the next poll brings the issue: edits and deletions of notes alone do not. */
  async touch(issue: number, ratio: number): Promise<void> {
    await this.alice.put(`/issues/${issue}.json`, { issue: { done_ratio: ratio } });
  }

  private async journals(issue: number): Promise<Journal[]> {
    const path = `/issues/${issue}.json?include=journals`;
    const { issue: found } = await this.alice.get<{ issue: { journals: Journal[] } }>(path);
    return found.journals.sort((a, b) => a.id - b.id);
  }

  /** The test's notes of an issue, the oldest first. */
  async of(issue: number): Promise<Note[]> {
    return (await this.journals(issue)).flatMap(({ id, user, notes, private_notes }) => {
      const token = TOKEN.exec(notes ?? '')?.[0];
      return token === undefined ? [] : [{ id, token, text: notes ?? '', author: user.name, isPrivate: private_notes }];
    });
  }

  /** Fields that the integration's account has changed, one for each time. */
  async written(issue: number): Promise<string[]> {
    const own = (await this.journals(issue)).filter(({ user }) => user.name === SYNC);
    return own.flatMap(({ details }) => details.map(({ name }) => name));
  }
}
