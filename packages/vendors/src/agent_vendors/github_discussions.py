"""GitHub's GraphQL operations on discussions: see `github_operations`."""

from agent_vendors.graphql_operation import Operation

_ACTOR = "__typename login"
_SAID = f"id body authorAssociation createdAt updatedAt url author {{ {_ACTOR} }}"
_DISCUSSION = f"""
fragment Discussed on Discussion {{
  number title closed stateReason locked isAnswered upvoteCount {_SAID}
  category {{ name }}
  labels(first: 100) {{ nodes {{ name }} }}
  comments {{ totalCount }}
}}"""

DISCUSSION_CATEGORIES = Operation(
    "DiscussionCategories",
    """query DiscussionCategories($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    nameWithOwner hasDiscussionsEnabled
    discussionCategories(first: 100) { nodes { id name slug description isAnswerable } }
  }
}""",
)
"""The categories of a repository's discussions, of which GitHub allows 25."""

DISCUSSIONS = Operation(
    "Discussions",
    f"""query Discussions(
  $owner: String!, $name: String!, $first: Int!, $after: String,
  $category: ID, $states: [DiscussionState!], $answered: Boolean, $order: DiscussionOrder
) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner hasDiscussionsEnabled
    discussions(
      first: $first, after: $after, categoryId: $category, states: $states, answered: $answered, orderBy: $order
    ) {{
      totalCount
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ ...Discussed }}
    }}
  }}
}}
{_DISCUSSION}""",
)
"""The discussions of a repository."""

DISCUSSION = Operation(
    "Discussion",
    f"""query Discussion($owner: String!, $name: String!, $number: Int!) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    discussion(number: $number) {{ ...Discussed answer {{ {_SAID} }} }}
  }}
}}
{_DISCUSSION}""",
)
"""One discussion, with its answer."""

DISCUSSION_COMMENTS = Operation(
    "DiscussionComments",
    f"""query DiscussionComments($owner: String!, $name: String!, $number: Int!, $first: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    discussion(number: $number) {{
      comments(first: $first, after: $after) {{
        totalCount
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          {_SAID} isAnswer upvoteCount
          replies(first: 100) {{ totalCount nodes {{ {_SAID} }} }}
        }}
      }}
    }}
  }}
}}""",
)
"""The comments of a discussion, each with its replies."""

LATEST_DISCUSSION_COMMENTS = Operation(
    "LatestDiscussionComments",
    f"""query LatestDiscussionComments($owner: String!, $name: String!, $number: Int!, $before: String) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    discussion(number: $number) {{
      comments(last: 100, before: $before) {{
        pageInfo {{ hasPreviousPage startCursor }}
        nodes {{ {_SAID} replies(last: 100) {{ nodes {{ {_SAID} }} }} }}
      }}
    }}
  }}
}}""",
)
"""The same from the end: where a comment is looked for whose reply was lost."""

COMMENTED_DISCUSSION = Operation(
    "CommentedDiscussion",
    """query CommentedDiscussion(
  $owner: String!, $name: String!, $number: Int!, $comment: ID!, $replies: Boolean!
) {
  repository(owner: $owner, name: $name) {
    nameWithOwner
    discussion(number: $number) { id title body locked }
  }
  node(id: $comment) @include(if: $replies) {
    __typename
    ... on DiscussionComment { body discussion { id } }
  }
}""",
)
"""The discussion that a comment is for, and the comment that a reply is for."""

ADD_DISCUSSION_COMMENT = Operation(
    "AddDiscussionComment",
    f"""mutation AddDiscussionComment($discussion: ID!, $body: String!, $comment: ID) {{
  addDiscussionComment(input: {{discussionId: $discussion, body: $body, replyToId: $comment}}) {{
    comment {{ {_SAID} }}
  }}
}}""",
)

OPERATIONS = (
    DISCUSSION_CATEGORIES,
    DISCUSSIONS,
    DISCUSSION,
    DISCUSSION_COMMENTS,
    LATEST_DISCUSSION_COMMENTS,
    COMMENTED_DISCUSSION,
    ADD_DISCUSSION_COMMENT,
)
