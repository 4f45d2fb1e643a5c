/// A country with what depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Country {
    UnitedStates,
    UnitedKingdom,
    Germany,
    France,
}

impl Country {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnitedStates => "United States",
            Self::UnitedKingdom => "United Kingdom",
            Self::Germany => "Germany",
            Self::France => "France",
        }
    }

    pub(crate) fn currency(self) -> &'static str {
        match self {
            Self::UnitedStates | Self::UnitedKingdom => "USD",
            Self::Germany | Self::France => "EUR",
        }
    }

    /// A number from the range that the country keeps for fiction; `digits` is below 100.
    pub(crate) fn phone(self, digits: usize) -> String {
        match self {
            Self::UnitedStates => format!("+1 212 555 01{digits:02}"),
            Self::UnitedKingdom => format!("+44 20 7946 09{digits:02}"),
            Self::Germany => format!("+49 30 23125 0{digits:02}"),
            Self::France => format!("+33 1 99 00 48 {digits:02}"),
        }
    }
}

pub(in super::super) struct AccountData {
    pub name: &'static str,
    /// What its deals are named after.
    pub short: &'static str,
    pub domain: &'static str,
    pub industry: &'static str,
    pub segment: &'static str,
    pub employees: u32,
    pub street: &'static str,
    pub city: &'static str,
    pub postal_code: &'static str,
    pub country: Country,
}

macro_rules! accounts {
    ($($name:literal $short:literal $domain:literal $industry:literal $segment:ident $employees:literal
        $street:literal $city:literal $postal_code:literal $country:ident;)*) => {
        &[$(AccountData {
            name: $name,
            short: $short,
            domain: $domain,
            industry: $industry,
            segment: stringify!($segment),
            employees: $employees,
            street: $street,
            city: $city,
            postal_code: $postal_code,
            country: Country::$country,
        }),*]
    };
}

pub(in super::super) const ACCOUNTS: &[AccountData] = accounts! {
    "Brightwater Foods" "Brightwater" "brightwater.example" "Food" MID_MARKET 420
        "18 Cannery Row" "Portland" "97209" UnitedStates;
    "Halden Logistics" "Halden" "halden-logistics.example" "Logistics" ENTERPRISE 3_800
        "400 Harbor Drive" "Seattle" "98101" UnitedStates;
    "Lindqvist & Moreau" "Lindqvist" "lindqvist-moreau.example" "Consulting" SMB 35
        "7 rue des Tanneurs" "Lyon" "69002" France;
    "Orchard Street Clinics" "Orchard Street" "orchardstreet.example" "Healthcare" MID_MARKET 610
        "52 Orchard Street" "Boston" "02114" UnitedStates;
    "Tessel Robotics" "Tessel" "tessel-robotics.example" "Manufacturing" MID_MARKET 280
        "Hafenstraße 21" "Hamburg" "20457" Germany;
    "Copperleaf Energy" "Copperleaf" "copperleaf-energy.example" "Energy" ENTERPRISE 5_200
        "1200 Smith Street" "Houston" "77002" UnitedStates;
    "Marlowe Print Works" "Marlowe" "marlowe-print.example" "Media" SMB 48
        "9 Tanner Lane" "Bristol" "BS1 6UZ" UnitedKingdom;
    "Sundial Hotels" "Sundial" "sundial-hotels.example" "Hospitality" ENTERPRISE 2_900
        "77 Ocean Avenue" "Miami" "33139" UnitedStates;
    "Pinecrest Outdoor" "Pinecrest" "pinecrest-outdoor.example" "Retail" MID_MARKET 350
        "215 Larimer Street" "Denver" "80202" UnitedStates;
    "Kestrel Analytics" "Kestrel" "kestrel-analytics.example" "Software" SMB 62
        "30 Finsbury Yard" "London" "EC2A 4HD" UnitedKingdom;
    "Vantage Dental Group" "Vantage Dental" "vantage-dental.example" "Healthcare" SMB 90
        "640 Maple Avenue" "Columbus" "43215" UnitedStates;
    "Nordhain Versicherung" "Nordhain" "nordhain.example" "Insurance" ENTERPRISE 4_100
        "Lindenallee 4" "Köln" "50668" Germany;
    "Bluefin Seafood" "Bluefin" "bluefin-seafood.example" "Food" SMB 75
        "3 Commercial Wharf" "Boston" "02110" UnitedStates;
    "Redwood Credit Union" "Redwood" "redwood-cu.example" "Finance" MID_MARKET 540
        "88 Mission Street" "San Francisco" "94105" UnitedStates;
    "Atelier Roussel" "Atelier Roussel" "atelier-roussel.example" "Fashion" SMB 28
        "41 rue du Faubourg" "Paris" "75011" France;
    "Granite Peak Construction" "Granite Peak" "granitepeak.example" "Construction" MID_MARKET 730
        "1500 Main Street" "Salt Lake City" "84101" UnitedStates;
    "Meridian Freight" "Meridian" "meridian-freight.example" "Logistics" MID_MARKET 460
        "2 Dock Road" "Liverpool" "L3 4AX" UnitedKingdom;
    "Silverline Telecom" "Silverline" "silverline.example" "Telecommunications" ENTERPRISE 6_700
        "900 Peachtree Street" "Atlanta" "30309" UnitedStates;
    "Oakwell Schools" "Oakwell" "oakwell.example" "Education" MID_MARKET 320
        "14 College Green" "Leeds" "LS2 9JT" UnitedKingdom;
    "Juniper & Sage" "Juniper" "juniper-sage.example" "Retail" SMB 40
        "26 Congress Avenue" "Austin" "78701" UnitedStates;
    "Falkenberg Maschinenbau" "Falkenberg" "falkenberg.example" "Manufacturing" ENTERPRISE 2_400
        "Industriestraße 88" "Stuttgart" "70565" Germany;
    "Harborview Legal" "Harborview" "harborview-legal.example" "Legal" SMB 55
        "500 Light Street" "Baltimore" "21202" UnitedStates;
    "Cascade Pharma" "Cascade" "cascade-pharma.example" "Pharmaceuticals" ENTERPRISE 3_300
        "310 Science Park" "San Diego" "92121" UnitedStates;
    "Wildflower Bakery" "Wildflower" "wildflower.example" "Food" SMB 22
        "61 Baker Street" "Nashville" "37203" UnitedStates;
    "Ironbridge Steel" "Ironbridge" "ironbridge-steel.example" "Manufacturing" MID_MARKET 880
        "1 Foundry Way" "Sheffield" "S9 2EA" UnitedKingdom;
    "Lumen Studios" "Lumen" "lumen-studios.example" "Media" SMB 66
        "1420 Vine Street" "Los Angeles" "90028" UnitedStates;
    "Seabright Insurance" "Seabright" "seabright.example" "Insurance" MID_MARKET 390
        "250 State Street" "Hartford" "06103" UnitedStates;
    "Quarry Lane Farms" "Quarry Lane" "quarrylane.example" "Agriculture" SMB 58
        "RR 4" "Ames" "50010" UnitedStates;
    "Montclair Biotech" "Montclair" "montclair-biotech.example" "Biotechnology" MID_MARKET 240
        "12 avenue des Sciences" "Toulouse" "31400" France;
    "Arden City Transit" "Arden" "arden-transit.example" "Public sector" ENTERPRISE 1_900
        "100 Union Plaza" "Chicago" "60606" UnitedStates;
};
