/** Error answers as Azure DevOps gives them. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly typeKey: string,
    message: string,
    readonly customProperties?: Record<string, unknown>,
  ) {
    super(message);
  }

  /** The body of a request of its own. */
  body() {
    return {
      $id: '1',
      ...(this.customProperties ? { customProperties: this.customProperties } : {}),
      innerException: null,
      message: this.message,
      typeName: `Microsoft.TeamFoundation.WorkItemTracking.Server.${this.typeKey}, Microsoft.TeamFoundation.WorkItemTracking.Server`,
      typeKey: this.typeKey,
      errorCode: 0,
      eventId: 3200,
    };
  }

  /** The body within the answers of `$batch`. */
  batchBody() {
    return { count: 1, value: { Message: this.message } };
  }
}

export interface RuleError {
  field: string;
  name: string;
  flags: string;
}

export function ruleError(errors: RuleError[]): ApiError {
  const one = ({ field, name, flags }: RuleError) => ({
    fieldReferenceName: field,
    fieldStatusFlags: flags,
    errorMessage: `TF401320: Rule Error for field ${name}. Error code: ${flags.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())}.`,
    fieldStatusCode: 524289,
    ruleValidationErrors: null,
  });
  const all = errors.map(one);
  const [first] = all;
  return new ApiError(400, 'RuleValidationException', first?.errorMessage ?? '', {
    FieldReferenceName: first?.fieldReferenceName,
    FieldStatusFlags: first?.fieldStatusFlags,
    ErrorMessage: first?.errorMessage,
    FieldStatusCode: first?.fieldStatusCode,
    RuleValidationErrors: all,
  });
}

export const notFound = (id: string | number): ApiError =>
  new ApiError(
    404,
    'WorkItemUnauthorizedAccessException',
    `TF401232: Work item ${id} does not exist, or you do not have permissions to read it.`,
  );
