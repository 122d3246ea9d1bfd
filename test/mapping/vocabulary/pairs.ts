/**
 * Twelve pairs of trackers, and what belongs together: `one = two`, and with `~` before it what is fair and not needed. Everything else is
 * wrong. Four pairs were held out: the rules were written without looking at what they propose there.
 */

import type { SystemName } from './systems';

export const KINDS = ['fields', 'statuses', 'priorities', 'severities', 'types'] as const;
export type Kind = (typeof KINDS)[number];

export interface Answers extends Record<Kind, string> {
  one: SystemName;
  two: SystemName;
  heldOut?: true;
}

export const PAIRS: Answers[] = [
  {
    one: 'jira',
    two: 'azure-devops',
    fields: `Summary = Title; Description = Description; Status = State; Priority = Priority; Assignee = Assigned To;
      Reporter = Created By; Labels = Tags; Components = Area Path; Due date = Target Date; Original estimate = Original Estimate;
      Remaining Estimate = Remaining Work; Time Spent = Completed Work; Environment = System Info; Resolution = Reason;
      Story Points = Story Points; Sprint = Iteration Path; Parent = Parent; Start date = Start Date; ~Rank = Stack Rank`,
    statuses: 'To Do = New; In Progress = Active; In Review = Resolved; Done = Closed',
    priorities: '~Highest = 1; ~High = 1; ~High = 2; ~Medium = 2; ~Medium = 3; ~Low = 3; ~Low = 4; ~Lowest = 4',
    severities: 'Blocker = 1 - Critical; Critical = 2 - High; Major = 3 - Medium; Minor = 4 - Low',
    types: 'Epic = Epic; Story = User Story; Task = Task; Bug = Bug; ~Sub-task = Task',
  },
  {
    one: 'redmine',
    two: 'jira',
    fields: `Subject = Summary; Description = Description; Status = Status; Priority = Priority; Assignee = Assignee; Author = Reporter;
      Category = Components; Target version = Fix versions; Start date = Start date; Due date = Due date;
      Estimated time = Original estimate; Spent time = Time Spent; Parent task = Parent`,
    statuses: `New = To Do; In Progress = In Progress; Closed = Done; ~Resolved = Done; ~Resolved = In Review; ~Rejected = Done;
      ~Feedback = In Review; ~Feedback = To Do`,
    priorities: `Low = Low; Normal = Medium; High = High; Immediate = Highest; ~Urgent = Highest; ~Low = Lowest; ~Urgent = High`,
    severities: 'S1 = Blocker; S2 = Critical; S3 = Major; S4 = Minor',
    types: 'Bug = Bug; Feature = Story; ~Support = Task',
  },
  {
    one: 'redmine',
    two: 'azure-devops',
    fields: `Subject = Title; Description = Description; Status = State; Priority = Priority; Assignee = Assigned To; Author = Created By;
      Category = Area Path; Target version = Iteration Path; Start date = Start Date; Due date = Target Date;
      Estimated time = Original Estimate; Spent time = Completed Work; Parent task = Parent; ~Due date = Finish Date`,
    statuses: `New = New; In Progress = Active; Resolved = Resolved; Closed = Closed; ~Rejected = Closed; ~Feedback = Active;
      ~Feedback = Resolved`,
    priorities:
      '~Immediate = 1; ~Urgent = 1; ~Urgent = 2; ~High = 2; ~Normal = 3; ~Low = 4; ~Low = 3; ~High = 1; ~Normal = 2',
    severities: 'S1 = 1 - Critical; S2 = 2 - High; S3 = 3 - Medium; S4 = 4 - Low',
    types: 'Bug = Bug; Feature = Feature; ~Feature = User Story; ~Support = Issue; ~Support = Task',
  },
  {
    one: 'github',
    two: 'jira',
    fields: `Title = Summary; Body = Description; State = Status; State reason = Resolution; Assignees = Assignee; Author = Reporter;
      Labels = Labels; Milestone = Fix versions; Parent issue = Parent`,
    statuses: 'Open = To Do; Closed = Done; ~Open = In Progress; ~Open = In Review',
    priorities: 'Urgent = Highest; High = High; Medium = Medium; Low = Low; ~Low = Lowest',
    severities:
      'critical = Blocker; high = Critical; moderate = Major; low = Minor; ~critical = Critical; ~high = Major',
    types: 'Bug = Bug; Feature = Story; Task = Task; ~Feature = Epic; ~Task = Sub-task',
  },
  {
    one: 'gitlab',
    two: 'azure-devops',
    fields: `Title = Title; Description = Description; State = State; Assignees = Assigned To; Author = Created By; Labels = Tags;
      Due date = Target Date; Start date = Start Date; Weight = Story Points; Time estimate = Original Estimate;
      Time spent = Completed Work; Iteration = Iteration Path; Epic = Parent; Severity = Severity; ~Due date = Finish Date`,
    statuses:
      "To do = New; In progress = Active; Done = Closed; ~Won't do = Closed; ~Duplicate = Closed; ~Done = Resolved",
    priorities: 'priority::1 = 1; priority::2 = 2; priority::3 = 3; priority::4 = 4',
    severities: 'Critical - S1 = 1 - Critical; High - S2 = 2 - High; Medium - S3 = 3 - Medium; Low - S4 = 4 - Low',
    types: 'Issue = Issue; Task = Task; Epic = Epic; ~Incident = Bug; ~Issue = User Story; ~Incident = Issue',
  },
  {
    one: 'bugzilla',
    two: 'jira',
    fields: `Summary = Summary; Description = Description; Status = Status; Resolution = Resolution; Assignee = Assignee;
      Reporter = Reporter; Component = Components; Version = Affects versions; Target Milestone = Fix versions; Priority = Priority;
      Deadline = Due date; Orig. Est. = Original estimate; Hours Left = Remaining Estimate; Hours Worked = Time Spent; Keywords = Labels;
      ~Platform = Environment; ~OS = Environment`,
    statuses: `NEW = To Do; ASSIGNED = In Progress; RESOLVED = In Review; CLOSED = Done; ~RESOLVED = Done; ~VERIFIED = Done;
      ~UNCONFIRMED = To Do; ~VERIFIED = In Review`,
    priorities: 'P1 = Highest; P2 = High; P3 = Medium; P4 = Low; P5 = Lowest',
    severities:
      'blocker = Blocker; critical = Critical; major = Major; minor = Minor; ~normal = Minor; ~normal = Major; ~trivial = Minor; ~enhancement = Minor',
    types: 'defect = Bug; task = Task; enhancement = Story',
  },
  {
    one: 'servicenow',
    two: 'jira',
    fields: `Short description = Summary; Description = Description; State = Status; Priority = Priority; Assigned to = Assignee;
      Caller = Reporter; Assignment group = Team; Due date = Due date; Category = Components; Resolution code = Resolution;
      Parent Incident = Parent; ~Opened by = Reporter`,
    statuses: `New = To Do; In Progress = In Progress; Closed = Done; ~Resolved = Done; ~Resolved = In Review; ~Canceled = Done;
      ~On Hold = To Do; ~On Hold = In Progress; ~On Hold = In Review`,
    priorities: '1 - Critical = Highest; 2 - High = High; 3 - Moderate = Medium; 4 - Low = Low; 5 - Planning = Lowest',
    severities:
      '~1 - High = Blocker; ~1 - High = Critical; ~2 - Medium = Major; ~3 - Low = Minor; ~1 - High = Major; ~2 - Medium = Minor',
    types:
      'Story = Story; Defect = Bug; ~Incident = Bug; ~Change Request = Task; ~Request Item = Task; ~Problem = Bug; ~Change Request = Story',
  },
  {
    one: 'request-tracker',
    two: 'redmine',
    fields: `Subject = Subject; Content = Description; Status = Status; Owner = Assignee; Requestors = Author; Starts = Start date;
      Due = Due date; Time Estimated = Estimated time; Time Worked = Spent time; Parents = Parent task; ~Priority = Priority;
      ~Queue = Category`,
    statuses: `new = New; open = In Progress; stalled = Feedback; resolved = Resolved; rejected = Rejected; ~deleted = Rejected;
      ~deleted = Closed; ~resolved = Closed; ~open = New`,
    priorities: 'Low = Low; Medium = Normal; High = High; ~High = Urgent; ~High = Immediate',
    severities: 'Sev 1 = S1; Sev 2 = S2; Sev 3 = S3; Sev 4 = S4',
    types: '~Ticket = Support; ~Incident Report = Bug; ~Ticket = Bug; ~Incident Report = Support',
  },
  {
    heldOut: true,
    one: 'bugzilla',
    two: 'redmine',
    fields: `Summary = Subject; Description = Description; Status = Status; Assignee = Assignee; Reporter = Author; Component = Category;
      Target Milestone = Target version; Priority = Priority; Deadline = Due date; Orig. Est. = Estimated time; Hours Worked = Spent time`,
    statuses: `NEW = New; ASSIGNED = In Progress; RESOLVED = Resolved; CLOSED = Closed; ~VERIFIED = Closed; ~VERIFIED = Resolved;
      ~UNCONFIRMED = New; ~UNCONFIRMED = Feedback; ~RESOLVED = Rejected`,
    priorities: 'P1 = Immediate; P2 = Urgent; P3 = High; P4 = Normal; P5 = Low',
    severities:
      '~blocker = S1; ~critical = S1; ~critical = S2; ~major = S2; ~normal = S3; ~minor = S3; ~minor = S4; ~trivial = S4; ~enhancement = S4',
    types: 'defect = Bug; enhancement = Feature; ~task = Support',
  },
  {
    heldOut: true,
    one: 'servicenow',
    two: 'azure-devops',
    fields: `Short description = Title; Description = Description; State = State; Priority = Priority; Assigned to = Assigned To;
      Caller = Created By; Category = Area Path; Due date = Target Date; Parent Incident = Parent; ~Opened by = Created By;
      ~Resolution code = Reason; ~Due date = Finish Date; ~Impact = Severity`,
    statuses: `New = New; In Progress = Active; Resolved = Resolved; Closed = Closed; ~Canceled = Closed; ~On Hold = Active; ~On Hold = New`,
    priorities: '1 - Critical = 1; 2 - High = 2; 3 - Moderate = 3; 4 - Low = 4; ~5 - Planning = 4',
    severities: '1 - High = 2 - High; 2 - Medium = 3 - Medium; 3 - Low = 4 - Low; ~1 - High = 1 - Critical',
    types:
      'Defect = Bug; Story = User Story; ~Incident = Bug; ~Incident = Issue; ~Problem = Issue; ~Problem = Bug; ~Change Request = Feature; ~Request Item = Task; ~Change Request = User Story',
  },
  {
    heldOut: true,
    one: 'gitlab',
    two: 'youtrack',
    fields: `Title = Summary; Description = Description; State = State; Assignees = Assignee; Author = Reporter; Labels = Tags;
      Milestone = Fix versions; Due date = Due Date; Weight = Story points; Time estimate = Estimation; Time spent = Spent time;
      Iteration = Sprints; Epic = Subtask of; ~Severity = Priority`,
    statuses:
      "To do = Open; In progress = In Progress; Done = Fixed; Won't do = Won't fix; ~Done = Verified; ~To do = Submitted; ~Duplicate = Won't fix",
    priorities: `~priority::1 = Show-stopper; ~priority::1 = Critical; ~priority::2 = Critical; ~priority::2 = Major; ~priority::3 = Major;
      ~priority::3 = Normal; ~priority::4 = Minor; ~priority::4 = Normal`,
    severities: '',
    types:
      'Task = Task; Epic = Epic; Incident = Bug; ~Issue = User Story; ~Issue = Feature; ~Issue = Task; ~Issue = Bug',
  },
  {
    heldOut: true,
    one: 'mantis',
    two: 'jira',
    fields: `Summary = Summary; Description = Description; Status = Status; Resolution = Resolution; Priority = Priority;
      Assigned To = Assignee; Reporter = Reporter; Category = Components; Product Version = Affects versions; Target Version = Fix versions;
      Due Date = Due date; Tags = Labels; ~Fixed in Version = Fix versions; ~Platform = Environment; ~OS = Environment`,
    statuses: `new = To Do; assigned = In Progress; closed = Done; ~resolved = Done; ~resolved = In Review; ~acknowledged = To Do;
      ~confirmed = To Do; ~feedback = To Do; ~feedback = In Review`,
    priorities:
      'low = Low; normal = Medium; high = High; immediate = Highest; ~none = Lowest; ~urgent = Highest; ~low = Lowest; ~urgent = High',
    severities:
      'block = Blocker; crash = Critical; major = Major; minor = Minor; ~trivial = Minor; ~tweak = Minor; ~text = Minor; ~feature = Minor',
    types: '~Issue = Bug; ~Issue = Task; ~Issue = Story',
  },
];
