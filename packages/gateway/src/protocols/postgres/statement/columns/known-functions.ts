/** What must be known of the server's own functions by name to say what columns are used for. */

/** Aggregate and window functions: without an OVER, FILTER or DISTINCT a call of one looks like any other. */
const AGGREGATES = new Set(
  (
    'any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist ' +
    'dense_rank every first_value json_agg json_agg_strict json_object_agg json_object_agg_strict ' +
    'json_object_agg_unique json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg ' +
    'jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict lag last_value lead max min ' +
    'mode nth_value ntile percent_rank percentile_cont percentile_disc range_agg range_intersect_agg rank ' +
    'regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy row_number stddev ' +
    'stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg'
  ).split(' '),
);

/** Functions of one plain column when they stand in FROM, whatever their arguments. */
const ONE_COLUMN = new Set(
  (
    'generate_series generate_subscripts json_object_keys jsonb_object_keys regexp_matches ' +
    'regexp_split_to_table string_to_table'
  ).split(' '),
);

/** Whether a call by this name is one of an aggregate. A function of one's own by such a name counts as well. */
export function isAggregate(name: string): boolean {
  return AGGREGATES.has(name);
}

export function hasOneColumn(name: string): boolean {
  return ONE_COLUMN.has(name);
}
