"""GitLab's types as the sandbox has them, in GraphQL's own language.

Names, arguments and nullability are GitLab's; what the client has no use for is left out. That
`author` is a `MergeRequestAuthor` and not a `UserCore` is GitLab's doing: all five kinds of people
have the fields of the interface `User`.
"""

from __future__ import annotations

_PAGE = "after: String, before: String, first: Int, last: Int"
_LIST = f"""
    {_PAGE},
    createdAfter: Time, createdBefore: Time, updatedAfter: Time, updatedBefore: Time,
    mergedAfter: Time, mergedBefore: Time, draft: Boolean, iids: [String!], labels: [String!],
    milestoneTitle: String, sort: MergeRequestSort = created_desc, state: MergeRequestState
"""
_PEOPLE = "assigneeUsername: String, authorUsername: String, reviewerUsername: String"
_OWN_LIST = f"{_LIST}, projectId: ProjectID, projectPath: String"
_TIMES = f"""
    {_PAGE},
    startDate: Time, endDate: Time, startTime: Time, endTime: Time, username: String,
    projectId: ProjectID, groupId: GroupID, sort: TimelogSort = SPENT_AT_ASC
"""

PEOPLE = (
    "UserCore",
    "CurrentUser",
    "MergeRequestAuthor",
    "MergeRequestAssignee",
    "MergeRequestReviewer",
    "MergeRequestParticipant",
)
"""All types that are people."""

_USER = f"""{{
  id: UserID!
  username: String!
  name: String!
  state: UserState!
  active: Boolean
  bot: Boolean!
  avatarUrl: String
  webUrl: String!
  publicEmail: String
  createdAt: Time
  authoredMergeRequests({_OWN_LIST}, assigneeUsername: String, reviewerUsername: String):
    MergeRequestConnection
  assignedMergeRequests({_OWN_LIST}, authorUsername: String, reviewerUsername: String):
    MergeRequestConnection
  reviewRequestedMergeRequests({_OWN_LIST}, assigneeUsername: String, authorUsername: String):
    MergeRequestConnection
  timelogs({_TIMES}): TimelogConnection
}}
"""


def _connection(node: str, more: str = "") -> str:
    return f"""
type {node}Connection {{ edges: [{node}Edge] nodes: [{node}] pageInfo: PageInfo! {more} }}
type {node}Edge {{ cursor: String! node: {node} }}
"""


_COUNT = "count: Int!"

DEFINITIONS = "".join(
    [
        f"""
scalar Time
scalar BigInt
scalar UserID
scalar ProjectID
scalar GroupID
scalar TimelogID
scalar NoteID
scalar DiscussionID
scalar CiPipelineID

enum MergeRequestState {{ all closed locked merged opened }}
enum MergeRequestSort {{
  created_asc created_desc updated_asc updated_desc
  CREATED_ASC CREATED_DESC UPDATED_ASC UPDATED_DESC MERGED_AT_ASC MERGED_AT_DESC
  CLOSED_AT_ASC CLOSED_AT_DESC TITLE_ASC TITLE_DESC
}}
enum TimelogSort {{ SPENT_AT_ASC SPENT_AT_DESC TIME_SPENT_ASC TIME_SPENT_DESC }}
enum NotesFilterType {{ ALL_NOTES ONLY_ACTIVITY ONLY_COMMENTS }}
enum DetailedMergeStatus {{
  APPROVALS_SYNCING BLOCKED_STATUS BROKEN_STATUS CHECKING CI_MUST_PASS CI_STILL_RUNNING
  COMMITS_STATUS CONFLICT DISCUSSIONS_NOT_RESOLVED DRAFT_STATUS EXTERNAL_STATUS_CHECKS
  JIRA_ASSOCIATION LOCKED_LFS_FILES LOCKED_PATHS MERGEABLE MERGE_TIME NEED_REBASE NOT_APPROVED
  NOT_OPEN PREPARING REQUESTED_CHANGES SECURITY_POLICIES_VIOLATIONS TITLE_NOT_MATCHING UNCHECKED
}}
enum MilestoneStateEnum {{ active closed }}
enum UserState {{
  active banned blocked blocked_pending_approval deactivated ldap_blocked
}}
enum PipelineStatusEnum {{
  CREATED WAITING_FOR_RESOURCE PREPARING WAITING_FOR_CALLBACK PENDING RUNNING FAILED SUCCESS
  CANCELED CANCELING SKIPPED MANUAL SCHEDULED
}}

type Query {{
  currentUser: CurrentUser
  user(id: UserID, username: String): UserCore
  users({_PAGE}, ids: [UserID!], search: String, usernames: [String!]): UserCoreConnection
  project(fullPath: ID!): Project
  group(fullPath: ID!): Group
  timelogs({_TIMES}): TimelogConnection
  queryComplexity: QueryComplexity
}}
type QueryComplexity {{ limit: Int score: Int }}
type PageInfo {{
  endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String
}}

type Project {{
  id: ID!
  name: String!
  nameWithNamespace: String!
  path: String!
  fullPath: ID!
  description: String
  webUrl: String
  visibility: String
  archived: Boolean
  createdAt: Time
  lastActivityAt: Time
  topics: [String!]
  group: Group
  repository: Repository
  mergeRequest(iid: String!): MergeRequest
  mergeRequests({_LIST}, {_PEOPLE}): MergeRequestConnection
  milestones({_PAGE}, state: MilestoneStateEnum, title: String): MilestoneConnection
  timelogs({_TIMES}): TimelogConnection
}}

type Repository {{
  blobs({_PAGE}, paths: [String!]!, ref: String): RepositoryBlobConnection
  empty: Boolean!
  rootRef: String
}}
type RepositoryBlob {{
  id: ID!
  path: String!
  name: String
  mode: String
  size: BigInt
  rawBlob: String
  rawTextBlob: String
}}

type Group {{
  id: ID!
  name: String!
  path: String!
  fullPath: ID!
  description: String
  webUrl: String!
  visibility: String
  parent: Group
  mergeRequests({_LIST}, {_PEOPLE}, includeArchived: Boolean = false,
    includeSubgroups: Boolean = false): MergeRequestConnection
  timelogs({_TIMES}): TimelogConnection!
}}

type MergeRequest {{
  id: ID!
  iid: String!
  title: String!
  description: String
  state: MergeRequestState!
  draft: Boolean!
  conflicts: Boolean!
  detailedMergeStatus: DetailedMergeStatus
  createdAt: Time!
  updatedAt: Time!
  mergedAt: Time
  closedAt: Time
  upvotes: Int!
  downvotes: Int!
  userNotesCount: Int
  timeEstimate: Int!
  totalTimeSpent: Int!
  humanTotalTimeSpent: String
  webUrl: String
  reference(full: Boolean = false): String!
  sourceBranch: String!
  targetBranch: String!
  diffHeadSha: String
  mergeCommitSha: String
  squash: Boolean!
  squashOnMerge: Boolean!
  projectId: Int!
  sourceProjectId: Int
  targetProjectId: Int!
  project: Project!
  sourceProject: Project
  targetProject: Project!
  author: MergeRequestAuthor
  mergeUser: UserCore
  assignees({_PAGE}): MergeRequestAssigneeConnection
  reviewers({_PAGE}): MergeRequestReviewerConnection
  participants({_PAGE}): MergeRequestParticipantConnection
  approved: Boolean!
  approvedBy({_PAGE}): UserCoreConnection
  labels({_PAGE}): LabelConnection
  milestone: Milestone
  commitCount: Int
  commits({_PAGE}): CommitConnection
  commitsWithoutMergeCommits({_PAGE}): CommitConnection
  diffStats(path: String): [DiffStats!]
  notes({_PAGE}, filter: NotesFilterType = ALL_NOTES): NoteConnection!
  discussions({_PAGE}): DiscussionConnection!
  pipelines({_PAGE}): PipelineConnection
  timelogs({_PAGE}): TimelogConnection!
}}

type Issue {{
  id: ID!
  iid: ID!
  title: String!
  webUrl: String!
  createdAt: Time!
  closedAt: Time
}}
type Label {{ title: String! }}
type Milestone {{ id: ID! iid: ID! title: String! state: MilestoneStateEnum! }}
type DiffStats {{ path: String! additions: Int! deletions: Int! }}
type Commit {{
  id: ID!
  sha: String!
  shortId: String!
  title: String
  fullTitle: String
  message: String
  authorName: String
  authorEmail: String
  authoredDate: Time
  committerName: String
  committerEmail: String
  committedDate: Time
  webUrl: String!
}}
type Note {{
  id: NoteID!
  system: Boolean!
  internal: Boolean
  resolvable: Boolean!
  resolved: Boolean!
  discussion: Discussion
  body: String!
  createdAt: Time!
  updatedAt: Time!
  author: UserCore
}}
type Discussion {{
  id: DiscussionID!
  replyId: DiscussionID!
  createdAt: Time!
  resolvable: Boolean!
  resolved: Boolean!
  notes({_PAGE}): NoteConnection!
}}
type Pipeline {{
  id: CiPipelineID!
  iid: String!
  status: PipelineStatusEnum!
  ref: String
  sha: String
  source: String
  createdAt: Time!
  updatedAt: Time!
}}
type Timelog {{
  id: TimelogID!
  timeSpent: Int!
  spentAt: Time
  summary: String
  user: UserCore!
  issue: Issue
  mergeRequest: MergeRequest
  project: Project!
}}
interface User {_USER}
""",
        *[f"type {name} implements User {_USER}" for name in PEOPLE],
        *[_connection(name) for name in PEOPLE if name != "CurrentUser"],
        _connection("Commit"),
        _connection("Discussion"),
        _connection("Label"),
        _connection("MergeRequest", _COUNT),
        _connection("Milestone"),
        _connection("Note", _COUNT),
        _connection("Pipeline", _COUNT),
        _connection("RepositoryBlob"),
        _connection("Timelog", f"{_COUNT} totalSpentTime: BigInt!"),
    ]
)
"""The whole schema."""
