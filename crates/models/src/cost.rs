//! What an answer costs.

use crate::{
    chat::Usage,
    known::{LongPrompt, Price, Pricing, Rate},
};

/// Tokens that a rate is for.
const PER: u128 = 1_000_000;

impl Pricing {
    /// What an answer of this usage costs, in millionths of a US dollar, rounded to the nearest. Input that was read
    /// from the provider's cache or written to it is part of the input and has prices of its own; thoughts are part of
    /// the output and cost what it costs.
    pub fn cost(&self, usage: &Usage) -> u64 {
        let price = self.of_prompt(usage.input_tokens);
        let cached = usage.cached_input_tokens.min(usage.input_tokens);
        let written = usage.cache_write_tokens.min(usage.input_tokens - cached);
        let fresh = usage.input_tokens - cached - written;
        let parts = [
            (fresh, price.input),
            (cached, price.cached_input.unwrap_or(price.input)),
            (written, price.cache_write.unwrap_or(price.input)),
            (usage.output_tokens, price.output),
        ];
        let sum: u128 =
            parts.into_iter().map(|(tokens, Rate(rate))| u128::from(tokens) * u128::from(rate)).sum();
        u64::try_from((sum + PER / 2) / PER).unwrap_or(u64::MAX)
    }

    /// The price of a request whose prompt has so many tokens.
    fn of_prompt(&self, tokens: u64) -> Price {
        match self.long_prompt {
            Some(LongPrompt { over, input, cached_input, cache_write, output }) if tokens > over => {
                Price { input, cached_input, cache_write, output }
            }
            _ => self.price,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price {
        input: Rate(3_000_000),
        cached_input: Some(Rate(300_000)),
        cache_write: Some(Rate(3_750_000)),
        output: Rate(15_000_000),
    };

    fn usage(input: u64, cached: u64, written: u64, output: u64) -> Usage {
        Usage {
            input_tokens: input,
            cached_input_tokens: cached,
            cache_write_tokens: written,
            output_tokens: output,
            reasoning_tokens: output / 2,
        }
    }

    fn costs(usage: Usage) -> u64 {
        Pricing { price: PRICE, long_prompt: None }.cost(&usage)
    }

    #[test]
    fn each_part_of_the_usage_has_its_price() {
        assert_eq!(costs(usage(1_000, 0, 0, 0)), 3_000);
        assert_eq!(costs(usage(1_000, 1_000, 0, 0)), 300);
        assert_eq!(costs(usage(1_000, 0, 1_000, 0)), 3_750);
        assert_eq!(costs(usage(0, 0, 0, 1_000)), 15_000);
        assert_eq!(costs(usage(1_000, 600, 300, 10)), 300 + 180 + 1_125 + 150);
    }

    #[test]
    fn without_a_price_of_its_own_the_cache_costs_what_input_costs() {
        let price = Price { cached_input: None, cache_write: None, ..PRICE };
        let pricing = Pricing { price, long_prompt: None };
        assert_eq!(pricing.cost(&usage(1_000, 600, 300, 0)), 3_000);
    }

    #[test]
    fn a_long_prompt_has_other_prices_for_all_of_it() {
        let long = LongPrompt {
            over: 200_000,
            input: Rate(6_000_000),
            cached_input: Some(Rate(600_000)),
            cache_write: None,
            output: Rate(22_500_000),
        };
        let pricing = Pricing { price: PRICE, long_prompt: Some(long) };
        assert_eq!(pricing.cost(&usage(200_000, 0, 0, 100)), 600_000 + 1_500);
        assert_eq!(pricing.cost(&usage(200_001, 1, 0, 100)), 1_200_000 + 1 + 2_250);
    }

    #[test]
    fn less_than_a_millionth_is_rounded_and_nonsense_does_not_overflow() {
        let pricing = Pricing {
            price: Price { input: Rate(100_000), cached_input: None, cache_write: None, output: Rate(0) },
            long_prompt: None,
        };
        assert_eq!(pricing.cost(&usage(4, 0, 0, 0)), 0);
        assert_eq!(pricing.cost(&usage(5, 0, 0, 0)), 1);
        // More was read from the cache than there was input.
        assert_eq!(costs(usage(10, 1_000, 1_000, 0)), 3);
        assert_eq!(costs(usage(u64::MAX, 0, 0, u64::MAX)), u64::MAX);
    }
}
