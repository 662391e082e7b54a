//! What a request will cost, before it is sent.
//!
//! The formula and its test vectors are in the providers' own pages: tokens are width x height x
//! frames / 1024, and a clip has one frame more than its seconds hold.

use serde::{Deserialize, Serialize};

use super::catalog::{Model, PriceUnit};
use super::job::JobKind;
use super::money::MicroUsd;
use super::request::{Choices, ClipLength, GenerationRequest, Parameters};
use super::size::{AspectRatio, Resolution};

/// What a request will cost, with its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// The least and the most for all results together; none where no price is published.
    pub total: Option<(MicroUsd, MicroUsd)>,
    /// The same for one result.
    pub each: Option<(MicroUsd, MicroUsd)>,
    /// How many results.
    pub results: u32,
    /// Tokens of one result at its longest, where tokens are what is counted.
    pub tokens: Option<u64>,
    /// The rate: per million tokens, or per second.
    pub rate: Option<MicroUsd>,
    /// What the draft and silence make of the rate, in thousandths.
    pub factor_permille: u32,
    /// How sure we are.
    pub sure: String,
    /// The most that a charge is believed to be where there is no estimate, if the catalog says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub believed: Option<MicroUsd>,
}

/// The most that a charge is believed to be where there is no estimate and the catalog says nothing: $100.
const MOST_BELIEVED: MicroUsd = MicroUsd(100_000_000);
/// A charge above so many times the estimate is a mistake, ours or the service's.
const MAX_TIMES_ESTIMATE: u32 = 100;

impl Estimate {
    /// What the model's default length costs at `resolution`, or at its default one; none where no price
    /// is published.
    pub fn of_default(model: &Model, resolution: Option<Resolution>) -> Option<Self> {
        let choices = Choices { prompt: "estimate".to_owned(), resolution, ..Choices::default() };
        let request = GenerationRequest::new(model, choices).ok()?;
        let estimate = Self::of(model, &request);
        estimate.total.map(|_| estimate)
    }

    /// The estimate of what `request` will cost on `model`.
    pub fn of(model: &Model, request: &Parameters) -> Self {
        let factor_permille = factor_permille(model, request, request.audio);
        // Of a draft from elsewhere it may not be known whether it has sound.
        let least_permille = match (request.audio, &model.audio) {
            (None, Some(_)) => self::factor_permille(model, request, Some(false)),
            _ => factor_permille,
        };
        let unknown = Self {
            results: request.results,
            factor_permille,
            sure: model.price.sure.clone(),
            believed: model.price.believed_usd.map(|rate| rate.0),
            ..Self::default()
        };
        let rate = model.price.usd.get(&request.resolution).map(|rate| rate.0);
        let (Some(rate), Some((least_px, most_px))) = (rate, pixels(model, request)) else {
            return unknown;
        };
        let (shortest_ms, longest_ms) = match request.duration {
            ClipLength::Ms(ms) => (ms, ms),
            ClipLength::Auto => model.duration.range_ms(),
        };
        let units = |pixels: u64, ms: u32| match model.price.unit {
            PriceUnit::Tokens => {
                Some((u128::from(pixels) * u128::from(frames(model, ms)), 1024 * 1_000_000_u128))
            }
            PriceUnit::Second => Some((u128::from(ms), 1000)),
            PriceUnit::Unknown => None,
        };
        let price = |pixels: u64, ms: u32, factor_permille: u32, swing_permille: u32| {
            let (count, per) = units(pixels, ms)?;
            let micro = u128::try_from(rate.0).ok()?;
            let numerator =
                count * micro * u128::from(factor_permille) * u128::from(swing_permille);
            rounded(numerator, per * 1_000_000, model.price.decimals)
        };
        let swing = model.price.tolerance_permille.min(999);
        let highest = match model.price.may_round_up {
            true => rounded_up(model, most_px, longest_ms, rate),
            false => price(most_px, longest_ms, factor_permille, 1000 + swing),
        };
        let each = price(least_px, shortest_ms, least_permille, 1000 - swing).zip(highest);
        Self {
            total: each.map(|(low, high)| (low * request.results, high * request.results)),
            each,
            tokens: units(most_px, longest_ms)
                .filter(|_| model.price.unit == PriceUnit::Tokens)
                .map(|(count, _)| (count / 1024) as u64),
            rate: Some(rate),
            ..unknown
        }
    }

    /// The most that a service is believed to have charged.
    pub fn most_believed(&self) -> MicroUsd {
        match self.most() {
            Some(most) if most > MicroUsd::ZERO => most * MAX_TIMES_ESTIMATE,
            _ => self.believed.unwrap_or(MOST_BELIEVED),
        }
    }

    /// The least that a service is believed to have charged: as far below what was expected as the most is above it.
    fn least_believed(&self) -> MicroUsd {
        match self.most() {
            Some(most) if most <= MicroUsd::ZERO => MicroUsd::ZERO,
            _ => MicroUsd(self.most_believed().0 / i64::from(MAX_TIMES_ESTIMATE.pow(2))),
        }
    }

    /// Whether a service is believed that it charged `charge`: neither nothing, or less, by which no limit of the
    /// user would ever hold, nor far beyond what was expected.
    pub fn believes(&self, charge: MicroUsd) -> bool {
        (self.least_believed()..=self.most_believed()).contains(&charge)
    }

    /// The most that it can cost; none where no price is published.
    pub fn most(&self) -> Option<MicroUsd> {
        self.total.map(|(_, most)| most)
    }
}

impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.total {
            None => f.write_str("no price published"),
            Some((low, high)) if low == high => write!(f, "{high}"),
            Some((low, high)) => write!(f, "{low} to {high}"),
        }
    }
}

/// The fewest and the most pixels of a picture of the clip. Where it takes its shape from an image that nobody here has
/// seen, or that is none of the model's, they are those of any shape at its resolution.
fn pixels(model: &Model, request: &Parameters) -> Option<(u64, u64)> {
    let area = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
    if let Some(size) = request.size_px {
        return Some((area(size), area(size)));
    }
    let ratios =
        (request.aspect == AspectRatio::OF_IMAGE).then(|| model.ratios(request.resolution))?;
    let areas = ratios.filter_map(|ratio| model.pixels(request.resolution, ratio).map(area));
    areas.fold(None, |all, area| {
        let (least, most) = all.unwrap_or((area, area));
        Some((least.min(area), most.max(area)))
    })
}

/// The frames that a clip of `ms` milliseconds is billed for: 25 + 4n of them, 29 to 289, where the
/// price counts one more than the seconds hold, and as many as the seconds hold otherwise.
fn frames(model: &Model, ms: u32) -> u32 {
    let held = u64::from(ms) * u64::from(model.fps);
    if !model.price.extra_frame {
        return (held / 1000) as u32;
    }
    // A whole second of 24 frames is on the grid already, and the longest models exceed 289.
    if ms.is_multiple_of(1000) {
        return (held / 1000) as u32 + 1;
    }
    // The n for which 25 + 4n lies nearest to the frames held and one, in thousandths of a frame.
    let n = held.saturating_sub(22_000) / 4000;
    (25 + 4 * n as u32).clamp(29, 289)
}

/// A bill that counts one frame more than the clip's seconds hold, rounded up to the model's decimals.
fn rounded_up(model: &Model, pixels: u64, ms: u32, rate: MicroUsd) -> Option<MicroUsd> {
    let frames = u128::from(ms) * u128::from(model.fps) / 1000 + 1;
    let count = u128::from(pixels) * frames;
    let micro = count * u128::try_from(rate.0).ok()?;
    let grain = 10_u128.pow(6_u32.saturating_sub(model.price.decimals.min(6)));
    let grains = micro.div_ceil(1024 * 1_000_000 * grain);
    i64::try_from(grains * grain).ok().map(MicroUsd)
}

fn factor_permille(model: &Model, request: &Parameters, audio: Option<bool>) -> u32 {
    let silent = audio == Some(false);
    let sound = if silent { model.price.silent_permille } else { 1000 };
    let draft = match (&model.draft, request.kind) {
        (Some(rule), JobKind::Draft) if silent => {
            rule.silent_price_permille.unwrap_or(rule.price_permille)
        }
        (Some(rule), JobKind::Draft) => rule.price_permille,
        _ => 1000,
    };
    (u64::from(sound) * u64::from(draft) / 1000) as u32
}

/// `numerator / denominator` micro-dollars, rounded half up to `decimals` decimals of a dollar.
fn rounded(numerator: u128, denominator: u128, decimals: u32) -> Option<MicroUsd> {
    let grain = 10_u128.pow(6_u32.saturating_sub(decimals.min(6)));
    let grains = (numerator + denominator * grain / 2) / (denominator * grain);
    i64::try_from(grains * grain).ok().map(MicroUsd)
}

#[cfg(test)]
mod tests {
    use super::super::catalog::{Catalog, ModelId};
    use super::super::request::{Choices, GenerationRequest};
    use super::*;

    fn estimate(model: &str, set: impl FnOnce(&mut Choices)) -> Estimate {
        let (catalog, _) = Catalog::load(&[]);
        let id: ModelId = model.parse().expect("a model id");
        let model = catalog.model(&id).expect("a model of the catalog");
        let mut choices = Choices { prompt: "a fox".into(), ..Choices::default() };
        set(&mut choices);
        let request = GenerationRequest::new(model, choices).expect("a valid request");
        Estimate::of(model, &request)
    }

    fn priced(
        model: &str,
        resolution: &str,
        aspect: &str,
        seconds: u32,
        draft: bool,
    ) -> (Option<(u32, u32)>, String) {
        let (catalog, _) = Catalog::load(&[]);
        let id: ModelId = model.parse().expect("a model id");
        let model = catalog.model(&id).expect("a model of the catalog");
        let choices = Choices {
            prompt: "a fox".into(),
            resolution: resolution.parse().ok(),
            aspect: aspect.parse().ok(),
            duration: Some(ClipLength::Ms(seconds * 1000)),
            draft,
            ..Choices::default()
        };
        let request = GenerationRequest::new(model, choices).expect("a valid request");
        (request.size_px, Estimate::of(model, &request).to_string())
    }

    /// The billed examples of the three Runware pages (source documents 000, 001 and 003).
    #[test]
    fn reproduces_every_billed_example_to_the_last_digit() {
        for (model, resolution, aspect, seconds, draft, size, usd) in [
            ("runware/1.0-pro", "1080p", "4:3", 8, false, (1664, 1248), "$0.77498"),
            ("runware/1.0-pro", "1080p", "16:9", 8, false, (1920, 1088), "$0.77957"),
            ("runware/1.0-pro-fast", "480p", "21:9", 6, false, (960, 416), "$0.03670"),
            ("runware/1.0-pro-fast", "480p", "16:9", 6, false, (864, 480), "$0.03811"),
            ("runware/1.5-pro", "1080p", "16:9", 8, false, (1920, 1080), "$0.93798"),
            ("runware/1.5-pro", "720p", "16:9", 8, false, (1280, 720), "$0.41688"),
            ("runware/1.5-pro", "480p", "16:9", 5, true, (864, 496), "$0.07292"),
        ] {
            let got = priced(model, resolution, aspect, seconds, draft);
            assert_eq!(got, (Some(size), usd.to_owned()), "{model} {resolution} {seconds} s");
        }
    }

    /// RunPod's price table (source document 002).
    #[test]
    fn reproduces_runpods_price_table() {
        for (resolution, seconds, cents) in [
            ("480p", 5, 12),
            ("480p", 10, 24),
            ("720p", 5, 27),
            ("720p", 10, 54),
            ("1080p", 5, 61),
            ("1080p", 10, 122),
        ] {
            let estimate = estimate("runpod/1.0-pro", |choices| {
                choices.resolution = resolution.parse().ok();
                choices.duration = Some(ClipLength::Ms(seconds * 1000));
            });
            let low = estimate.total.map(|(low, _)| low);
            assert_eq!(low, Some(MicroUsd(cents * 10_000)), "{resolution} {seconds} s");
        }
    }

    /// The example of the same document, which is billed above the table.
    #[test]
    fn runpods_billed_example_lies_within_the_estimate() {
        let estimate = estimate("runpod/1.0-pro", |_| {});
        assert_eq!(estimate.to_string(), "$0.61000 to $0.62000");
    }

    #[test]
    fn says_so_where_no_price_is_published() {
        assert_eq!(estimate("runbase/1.0-pro", |_| {}).to_string(), "no price published");
    }

    #[test]
    fn silence_halves_1_5_pro_and_a_silent_draft_takes_seven_tenths_of_that() {
        let full = estimate("runware/1.5-pro", |_| {}).most().map(|most| most.0);
        assert_eq!(full, Some(121_530));
        let silent = estimate("runware/1.5-pro", |choices| choices.audio = Some(false));
        assert_eq!(silent.most(), Some(MicroUsd(60_770)));
        let draft = estimate("runware/1.5-pro", |choices| {
            choices.audio = Some(false);
            choices.draft = true;
        });
        assert_eq!((draft.factor_permille, draft.most()), (350, Some(MicroUsd(42_540))));
    }

    #[test]
    fn results_multiply_and_auto_is_a_range() {
        let four = estimate("runware/1.0-pro-fast", |choices| choices.results = Some(4));
        let one = estimate("runware/1.0-pro-fast", |_| {});
        assert_eq!(four.most(), one.most().map(|one| one * 4));
        let auto = estimate("runware/1.5-pro", |choices| choices.duration = Some(ClipLength::Auto));
        assert_eq!(auto.to_string(), "$0.09743 to $0.29027");
    }

    #[test]
    fn a_charge_is_believed_within_a_hundred_times_the_estimate_or_up_to_a_hundred_dollars() {
        let priced = estimate("runware/1.5-pro", |_| {});
        let most = priced.most().expect("a price");
        for (charge, expected) in [
            (MicroUsd(-1), false),
            (MicroUsd::ZERO, false),
            (MicroUsd::named(1e-9), false),
            (MicroUsd(most.0 / 100 - 1), false),
            (MicroUsd(most.0 / 100), true),
            (most * 100, true),
            (most * 100 + MicroUsd(1), false),
            (MicroUsd::named(f64::INFINITY), false),
            (MicroUsd::named(-1e300), false),
            (MicroUsd::named(1e300), false),
        ] {
            assert_eq!(priced.believes(charge), expected, "{charge}");
        }
        let unpriced = estimate("runbase/1.0-pro", |_| {});
        assert!(
            unpriced.believes(MicroUsd(100_000_000)) && !unpriced.believes(MicroUsd(100_000_001))
        );
        assert!(!unpriced.believes(MicroUsd::ZERO));
        let free = Estimate { total: Some((MicroUsd::ZERO, MicroUsd::ZERO)), ..unpriced.clone() };
        assert!(free.believes(MicroUsd::ZERO), "what was to cost nothing");
        let told = Estimate { believed: Some(MicroUsd(5)), ..unpriced };
        assert!(told.believes(MicroUsd(5)) && !told.believes(MicroUsd(6)));
    }

    #[test]
    fn a_clip_that_takes_its_images_shape_costs_what_any_shape_does() {
        let image =
            || Some(super::super::request::FrameImage::Url("https://a.example/a.png".to_owned()));
        let estimate = estimate("runware/1.0-pro", |choices| choices.first_frame = image());
        let of = |aspect: &str| {
            let text = priced("runware/1.0-pro", "480p", aspect, 5, false).1;
            text.trim_start_matches('$').parse::<f64>().ok().and_then(MicroUsd::from_usd)
        };
        assert_eq!(estimate.total, of("21:9").zip(of("16:9")), "the smallest to the largest");
    }

    #[test]
    fn fractional_seconds_are_billed_on_the_frame_grid() {
        let (catalog, _) = Catalog::load(&[]);
        let id: ModelId = "runware/1.0-pro".parse().expect("a model id");
        let model = catalog.model(&id).expect("a model of the catalog");
        let billed = [1200, 1300, 2500, 5000, 11_900, 12_000].map(|ms| frames(model, ms));
        assert_eq!(billed, [29, 33, 61, 121, 285, 289]);
    }

    #[test]
    fn a_price_that_is_not_sure_is_a_range() {
        let estimate = estimate("runware/2.5", |choices| choices.resolution = "720p".parse().ok());
        let (low, high) = estimate.total.expect("a price");
        assert!(low < MicroUsd(1_115_000) && MicroUsd(1_162_000) < high, "{low} to {high}");
    }
}
