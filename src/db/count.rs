//! Counting that stops: an exact count of a long list costs more than the page it stands on.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;

/// The number of rows of a query that carries its own `LIMIT`: `Capped(query.select(t::id).limit(1_001))`.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct Capped<Q>(pub Q);

impl<Q: Query> Query for Capped<Q> {
    type SqlType = BigInt;
}

impl<Q, C> RunQueryDsl<C> for Capped<Q> {}

impl<Q, DB> QueryFragment<DB> for Capped<Q>
where
    Q: QueryFragment<DB>,
    DB: Backend,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") capped");
        Ok(())
    }
}
