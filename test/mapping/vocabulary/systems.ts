/**
 * What real trackers call their fields and values, as a new project of each has them. Fields: `Name:type`, with `*` for several values,
 * `!` for read-only, and an id before `=` where it says something.
 */

import type { Field } from '../../../lib/model/entity';
import type { FieldType } from '../../../lib/model/values';

export interface Vocabulary {
  fields: string;
  statuses: string[];
  priorities: string[];
  severities: string[];
  types: string[];
}

export const SYSTEMS = {
  jira: {
    fields: `Summary:text, Description:richtext, Status:lookup, Priority:lookup, Assignee:user, Reporter:user, Labels:text*,
      Components:lookup*, Affects versions:lookup*, Fix versions:lookup*, Due date:date, Original estimate:duration,
      Remaining Estimate:duration, Time Spent:duration!, Environment:richtext, Resolution:lookup, Story Points:number, Sprint:lookup*,
      Parent:reference, Created:datetime!, Updated:datetime!, Resolved:datetime!, Start date:date, Flagged:lookup*, Team:lookup, Rank:text`,
    statuses: ['To Do', 'In Progress', 'In Review', 'Done'],
    priorities: ['Highest', 'High', 'Medium', 'Low', 'Lowest'],
    severities: ['Blocker', 'Critical', 'Major', 'Minor'],
    types: ['Epic', 'Story', 'Task', 'Bug', 'Sub-task'],
  },
  'azure-devops': {
    fields: `System.Title=Title:text, System.Description=Description:richtext, Microsoft.VSTS.TCM.ReproSteps=Repro Steps:richtext,
      System.State=State:lookup, System.Reason=Reason:lookup, System.AssignedTo=Assigned To:user, System.CreatedBy=Created By:user!,
      System.CreatedDate=Created Date:datetime!, System.ChangedBy=Changed By:user!, System.ChangedDate=Changed Date:datetime!,
      System.Tags=Tags:text*, System.AreaPath=Area Path:lookup, System.IterationPath=Iteration Path:lookup,
      Microsoft.VSTS.Common.Priority=Priority:lookup, Microsoft.VSTS.Common.Severity=Severity:lookup,
      Microsoft.VSTS.Scheduling.OriginalEstimate=Original Estimate:number, Microsoft.VSTS.Scheduling.RemainingWork=Remaining Work:number,
      Microsoft.VSTS.Scheduling.CompletedWork=Completed Work:number, Microsoft.VSTS.Scheduling.StoryPoints=Story Points:number,
      Microsoft.VSTS.Scheduling.StartDate=Start Date:datetime, Microsoft.VSTS.Scheduling.TargetDate=Target Date:datetime,
      Microsoft.VSTS.Scheduling.FinishDate=Finish Date:datetime, Microsoft.VSTS.TCM.SystemInfo=System Info:richtext,
      Microsoft.VSTS.Build.FoundIn=Found In:text, Microsoft.VSTS.Build.IntegrationBuild=Integrated in Build:text,
      System.Parent=Parent:reference, Microsoft.VSTS.Common.ValueArea=Value Area:lookup, Microsoft.VSTS.Common.StackRank=Stack Rank:number`,
    statuses: ['New', 'Active', 'Resolved', 'Closed'],
    priorities: ['1', '2', '3', '4'],
    severities: ['1 - Critical', '2 - High', '3 - Medium', '4 - Low'],
    types: ['Epic', 'Feature', 'User Story', 'Task', 'Bug', 'Issue'],
  },
  redmine: {
    fields: `Subject:text, Description:richtext, Status:lookup, Priority:lookup, Assignee:user, Author:user!, Category:lookup,
      Target version:lookup, Start date:date, Due date:date, Estimated time:number, Spent time:number!, % Done:number,
      Parent task:reference, Private:boolean, Created:datetime!, Updated:datetime!, Closed:datetime!`,
    statuses: ['New', 'In Progress', 'Resolved', 'Feedback', 'Closed', 'Rejected'],
    priorities: ['Low', 'Normal', 'High', 'Urgent', 'Immediate'],
    severities: ['S1', 'S2', 'S3', 'S4'],
    types: ['Bug', 'Feature', 'Support'],
  },
  github: {
    fields: `Title:text, Body:richtext, State:lookup, State reason:lookup, Assignees:user*, Author:user!, Labels:text*, Milestone:lookup,
      Type:lookup, Created at:datetime!, Updated at:datetime!, Closed at:datetime!, Parent issue:reference, Locked:boolean!`,
    statuses: ['Open', 'Closed'],
    priorities: ['Urgent', 'High', 'Medium', 'Low'],
    severities: ['critical', 'high', 'moderate', 'low'],
    types: ['Bug', 'Feature', 'Task'],
  },
  gitlab: {
    fields: `Title:text, Description:richtext, State:lookup, Assignees:user*, Author:user!, Labels:text*, Milestone:lookup,
      Due date:date, Start date:date, Weight:number, Time estimate:duration, Time spent:duration!, Iteration:lookup, Epic:reference,
      Health status:lookup, Confidential:boolean, Severity:lookup, Created at:datetime!, Updated at:datetime!`,
    statuses: ['To do', 'In progress', 'Done', "Won't do", 'Duplicate'],
    priorities: ['priority::1', 'priority::2', 'priority::3', 'priority::4'],
    severities: ['Critical - S1', 'High - S2', 'Medium - S3', 'Low - S4', 'Unknown'],
    types: ['Issue', 'Incident', 'Task', 'Epic'],
  },
  bugzilla: {
    fields: `Summary:text, Description:richtext, Status:lookup, Resolution:lookup, Assignee:user, Reporter:user!, QA Contact:user,
      Product:lookup, Component:lookup, Version:lookup, Target Milestone:lookup, Priority:lookup, Severity:lookup, Platform:lookup, OS:lookup,
      Keywords:text*, Whiteboard:text, Deadline:date, Orig. Est.:number, Hours Left:number, Hours Worked:number!, CC:user*,
      Depends on:reference*, Blocks:reference*, URL:url, Opened:datetime!, Modified:datetime!`,
    statuses: ['UNCONFIRMED', 'NEW', 'ASSIGNED', 'RESOLVED', 'VERIFIED', 'CLOSED'],
    priorities: ['P1', 'P2', 'P3', 'P4', 'P5'],
    severities: ['blocker', 'critical', 'major', 'normal', 'minor', 'trivial', 'enhancement'],
    types: ['defect', 'enhancement', 'task'],
  },
  servicenow: {
    fields: `short_description=Short description:text, description=Description:richtext, state=State:lookup, priority=Priority:lookup!,
      urgency=Urgency:lookup, impact=Impact:lookup, assigned_to=Assigned to:user, assignment_group=Assignment group:lookup,
      caller_id=Caller:user, opened_by=Opened by:user!, opened_at=Opened:datetime!, due_date=Due date:datetime, category=Category:lookup,
      subcategory=Subcategory:lookup, cmdb_ci=Configuration item:reference, close_code=Resolution code:lookup,
      close_notes=Resolution notes:text, sys_updated_on=Updated:datetime!, parent=Parent Incident:reference, work_notes=Work notes:text,
      business_service=Service:reference, contact_type=Channel:lookup`,
    statuses: ['New', 'In Progress', 'On Hold', 'Resolved', 'Closed', 'Canceled'],
    priorities: ['1 - Critical', '2 - High', '3 - Moderate', '4 - Low', '5 - Planning'],
    severities: ['1 - High', '2 - Medium', '3 - Low'],
    types: ['Incident', 'Problem', 'Change Request', 'Request Item', 'Defect', 'Story'],
  },
  'request-tracker': {
    fields: `Subject:text, Content:richtext, Status:lookup, Priority:number, Owner:user, Requestors:user*, Cc:user*, AdminCc:user*,
      Queue:lookup, Starts:datetime, Started:datetime!, Due:datetime, Resolved:datetime!, Created:datetime!, Last Updated:datetime!,
      Time Worked:duration, Time Left:duration, Time Estimated:duration, Parents:reference*, Depends on:reference*`,
    statuses: ['new', 'open', 'stalled', 'resolved', 'rejected', 'deleted'],
    priorities: ['Low', 'Medium', 'High'],
    severities: ['Sev 1', 'Sev 2', 'Sev 3', 'Sev 4'],
    types: ['Ticket', 'Incident Report', 'Investigation', 'Countermeasure'],
  },
  mantis: {
    fields: `Summary:text, Description:richtext, Steps To Reproduce:richtext, Additional Information:richtext, Status:lookup,
      Resolution:lookup, Priority:lookup, Severity:lookup, Reproducibility:lookup, Assigned To:user, Reporter:user, Category:lookup,
      Product Version:lookup, Target Version:lookup, Fixed in Version:lookup, Due Date:datetime, Tags:text*, Platform:text, OS:text,
      Date Submitted:datetime!, Last Update:datetime!, View Status:lookup, Projection:lookup, ETA:lookup`,
    statuses: ['new', 'feedback', 'acknowledged', 'confirmed', 'assigned', 'resolved', 'closed'],
    priorities: ['none', 'low', 'normal', 'high', 'urgent', 'immediate'],
    severities: ['feature', 'trivial', 'text', 'tweak', 'minor', 'major', 'crash', 'block'],
    types: ['Issue'],
  },
  youtrack: {
    fields: `Summary:text, Description:richtext, State:lookup, Priority:lookup, Type:lookup, Assignee:user, Reporter:user!, Subsystem:lookup,
      Fix versions:lookup*, Affected versions:lookup*, Fixed in build:lookup, Due Date:date, Estimation:duration, Spent time:duration!,
      Sprints:lookup*, Tags:text*, Story points:number, Subtask of:reference, Created:datetime!, Updated:datetime!, Resolved:datetime!`,
    statuses: ['Submitted', 'Open', 'In Progress', 'To be discussed', 'Fixed', "Won't fix", 'Verified'],
    priorities: ['Show-stopper', 'Critical', 'Major', 'Normal', 'Minor'],
    severities: [],
    types: ['Bug', 'Feature', 'Task', 'Epic', 'User Story'],
  },
} satisfies Record<string, Vocabulary>;

export type SystemName = keyof typeof SYSTEMS;

const TYPES: FieldType[] = [
  ...(['text', 'richtext', 'number', 'boolean', 'date', 'datetime'] as const),
  ...(['duration', 'lookup', 'user', 'reference', 'url'] as const),
];

/** @throws if the line names no type */
function fieldOf(line: string): Field {
  const found = /^(?:([^=]+)=)?(.+):([a-z]+)([*!]*)$/.exec(line.trim());
  const type = TYPES.find((one) => one === found?.[3]);
  if (found === null || type === undefined) throw new Error(`No field: ${line}`);
  const [, id, name = '', , flags = ''] = found;
  return {
    id: id ?? name.toLowerCase().replace(/[^a-z]+/g, '_'),
    name,
    type,
    ...(type === 'richtext' && { format: 'html' as const }),
    ...(flags.includes('*') && { multi: true }),
    ...(flags.includes('!') && { readOnly: true }),
  };
}

export const fieldsOf = (system: SystemName): Field[] =>
  SYSTEMS[system].fields
    .split(',')
    .filter((line) => line.trim() !== '')
    .map(fieldOf);
