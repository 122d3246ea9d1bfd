/** What the page's views have in common. */

/** What a view needs from the page. */
export interface PageContext {
  /** Tells what was done; screen readers read it out. */
  said(text: string): void;
  /** Shows an error; undefined takes it away. */
  failed(thrown: unknown): void;
  /** Asks for what is shown again, at once. */
  refresh(): void;
}

/**
 * Does what a person has asked for; meanwhile no button of the part can be pressed. What is shown is asked for again afterwards.
 * @param words what was done
 */
export function perform<Result>(
  page: PageContext,
  part: HTMLElement,
  work: () => Promise<Result>,
  words: (result: Result) => string,
): void {
  const buttons = [...part.querySelectorAll('button')];
  for (const button of buttons) button.disabled = true;
  work()
    .then(
      (result) => page.said(words(result)),
      (thrown: unknown) => page.failed(thrown),
    )
    .finally(() => {
      for (const button of buttons) button.disabled = false;
      page.refresh();
    });
}

export interface View {
  readonly element: HTMLElement;
  /** Asks the server, and draws what has changed. @param query the part of the page's address behind the view's name */
  refresh(query: URLSearchParams): Promise<void>;
}
