"""GitHub's GraphQL operations, which its server sends alone, and its gateway for the server.

Behind the gateway an operation is asked for by its name; one whose variable is a `node` behind the REST path of that
thing, whose node id the gateway reads itself. Source: docs.github.com/en/graphql/reference.
"""

from agent_vendors import github_discussions
from agent_vendors.graphql_operation import Operation

_ACTOR = "__typename login"
_PULL = f"""
fragment Facts on PullRequest {{
  number title state isDraft body authorAssociation createdAt updatedAt closedAt mergedAt locked
  headRefName headRefOid isCrossRepository baseRefName additions deletions changedFiles mergeable reviewDecision
  author {{ {_ACTOR} }}
  headRepositoryOwner {{ login }}
  labels(first: 100) {{ nodes {{ name }} }}
  assignees(first: 10) {{ nodes {{ login }} }}
  milestone {{ title }}
  comments {{ totalCount }}
  reviewRequests(first: 100) {{
    nodes {{
      requestedReviewer {{
        __typename
        ... on User {{ login }} ... on Bot {{ login }} ... on Mannequin {{ login }} ... on Team {{ combinedSlug }}
      }}
    }}
  }}
  latestOpinionatedReviews(first: 100) {{ nodes {{ state author {{ {_ACTOR} }} }} }}
  commits(last: 1) {{ totalCount nodes {{ commit {{ statusCheckRollup {{ state }} }} }} }}
}}"""

PULL_REQUESTS = Operation(
    "PullRequests",
    f"""query PullRequests(
  $owner: String!, $name: String!, $first: Int!, $after: String,
  $states: [PullRequestState!], $base: String, $head: String, $order: IssueOrder
) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    pullRequests(
      first: $first, after: $after, states: $states, baseRefName: $base, headRefName: $head, orderBy: $order
    ) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ ...Facts }}
    }}
  }}
}}
{_PULL}""",
)
"""Pull requests with their size, checks and review."""

FOUND_PULL_REQUESTS = Operation(
    "FoundPullRequests",
    f"""query FoundPullRequests($query: String!, $first: Int!, $after: String) {{
  search(type: ISSUE, query: $query, first: $first, after: $after) {{
    issueCount
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ __typename ... on PullRequest {{ repository {{ nameWithOwner }} ...Facts }} }}
  }}
}}
{_PULL}""",
)
"""Pull requests that a search finds, as those of a person."""

PULL_REQUEST = Operation(
    "PullRequest",
    f"""query PullRequest(
  $owner: String!, $name: String!, $number: Int!, $first: Int!, $after: String, $full: Boolean! = false
) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    pullRequest(number: $number) {{
      ...Facts
      latestReviews(first: 100) {{ nodes {{ state author {{ {_ACTOR} }} }} }}
      reviewThreads(first: 100) {{ totalCount nodes {{ isResolved }} }}
      head: commits(last: 1) {{
        nodes {{
          commit {{
            statusCheckRollup {{
              contexts(first: $first, after: $after) {{
                totalCount
                pageInfo {{ hasNextPage endCursor }}
                nodes {{
                  __typename
                  ... on CheckRun {{
                    databaseId name status conclusion title summary @include(if: $full) startedAt completedAt
                    checkSuite {{ workflowRun {{ databaseId }} }}
                  }}
                  ... on StatusContext {{ context state description targetUrl }}
                }}
              }}
            }}
          }}
        }}
      }}
    }}
  }}
}}
{_PULL}""",
)
"""One pull request, with each check of its head and who reviewed it."""

REVIEW_THREADS = Operation(
    "ReviewThreads",
    f"""query ReviewThreads($owner: String!, $name: String!, $number: Int!, $first: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    pullRequest(number: $number) {{
      reviewThreads(first: $first, after: $after) {{
        totalCount
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          id isResolved isOutdated path line originalLine startLine
          comments(first: 100) {{
            totalCount
            nodes {{
              databaseId url body createdAt updatedAt authorAssociation
              author {{ {_ACTOR} }}
            }}
          }}
        }}
      }}
    }}
  }}
}}""",
)
"""The threads of a pull request's review, with their comments."""

THREAD_OF = Operation(
    "ThreadOf",
    """query ThreadOf($thread: ID!) {
  node(id: $thread) {
    __typename
    ... on PullRequestReviewThread { isResolved pullRequest { number title repository { nameWithOwner } } }
  }
}""",
)
"""Whose a thread is."""

RESOLVE_THREAD = Operation(
    "ResolveThread",
    """mutation ResolveThread($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}""",
)

UNRESOLVE_THREAD = Operation(
    "UnresolveThread",
    """mutation UnresolveThread($thread: ID!) {
  unresolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}""",
)

ADD_REVIEW_THREAD = Operation(
    "AddReviewThread",
    """mutation AddReviewThread(
  $node: ID!, $path: String!, $line: Int, $side: DiffSide, $startLine: Int, $startSide: DiffSide, $body: String!
) {
  addPullRequestReviewThread(
    input: {
      pullRequestReviewId: $node, path: $path, line: $line, side: $side
      startLine: $startLine, startSide: $startSide, body: $body
    }
  ) {
    thread {
      path
      comments(first: 1) { nodes { databaseId } }
      pullRequest { repository { nameWithOwner } }
    }
  }
}""",
)
"""A comment on a line in a review that is not submitted yet. `thread` is null where the diff has no such line."""

READY_FOR_REVIEW = Operation(
    "ReadyForReview",
    """mutation ReadyForReview($node: ID!) {
  markPullRequestReadyForReview(input: {pullRequestId: $node}) {
    pullRequest { isDraft repository { nameWithOwner } }
  }
}""",
)

CONVERT_TO_DRAFT = Operation(
    "ConvertToDraft",
    """mutation ConvertToDraft($node: ID!) {
  convertPullRequestToDraft(input: {pullRequestId: $node}) {
    pullRequest { isDraft repository { nameWithOwner } }
  }
}""",
)

BLAME = Operation(
    "Blame",
    """query Blame($owner: String!, $name: String!, $ref: String!, $path: String!) {
  repository(owner: $owner, name: $name) {
    nameWithOwner
    object(expression: $ref) {
      __typename
      ... on Commit {
        oid
        blame(path: $path) {
          ranges {
            startingLine endingLine
            commit { abbreviatedOid committedDate messageHeadline author { name user { login } } }
          }
        }
      }
    }
  }
}""",
)
"""Which commit wrote each line of a file."""

VISIBILITY = Operation(
    "Visibility",
    """query Visibility($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { nameWithOwner isPrivate }
}""",
)
"""Whether a repository is private."""

_ITEMS = """projectItems(first: 100) {
        nodes { fullDatabaseId project { number owner { __typename ... on Organization { login } } } }
      }"""

PROJECT_ITEMS = Operation(
    "ProjectItems",
    f"""query ProjectItems($owner: String!, $name: String!, $number: Int!) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    issueOrPullRequest(number: $number) {{
      __typename
      ... on Issue {{ {_ITEMS} }}
      ... on PullRequest {{ {_ITEMS} }}
    }}
  }}
}}""",
)
"""In which projects an issue or a pull request is, as which item. The gateway alone asks it."""

OPERATIONS = (
    PULL_REQUESTS,
    FOUND_PULL_REQUESTS,
    PULL_REQUEST,
    REVIEW_THREADS,
    THREAD_OF,
    RESOLVE_THREAD,
    UNRESOLVE_THREAD,
    ADD_REVIEW_THREAD,
    READY_FOR_REVIEW,
    CONVERT_TO_DRAFT,
    BLAME,
    VISIBILITY,
    PROJECT_ITEMS,
    *github_discussions.OPERATIONS,
)
