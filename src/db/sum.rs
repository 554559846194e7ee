//! Sums of whole numbers as whole numbers, on both databases.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable};

/// The sum of a column of integers, null for no rows. PostgreSQL would widen it to a decimal.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct Sum<E>(E);

/// The sum of `column`.
pub fn sum<E: Expression<SqlType = BigInt>>(column: E) -> Sum<E> {
    Sum(column)
}

impl<E> Expression for Sum<E> {
    type SqlType = Nullable<BigInt>;
}

impl<E, T> AppearsOnTable<T> for Sum<E> where E: AppearsOnTable<T> {}

impl<E, T> SelectableExpression<T> for Sum<E> where E: SelectableExpression<T> {}

impl<E, G> ValidGrouping<G> for Sum<E> {
    type IsAggregate = is_aggregate::Yes;
}

impl<E, DB> QueryFragment<DB> for Sum<E>
where
    E: QueryFragment<DB>,
    DB: Backend,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("CAST(SUM(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS BIGINT)");
        Ok(())
    }
}
