"""What alembic runs: the steps, on the connection it was given."""

from alembic import context

_given = context.config.attributes
context.configure(
    connection=_given["connection"],
    target_metadata=_given["metadata"],
    render_as_batch=True,  # SQLite changes a column by making the table anew
    transactional_ddl=True,  # also on SQLite, whose transactions our engine begins itself
    compare_type=True,
)
context.run_migrations()
